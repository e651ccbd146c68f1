package service

import (
	"context"

	"github.com/keybridge/keybridge/admin/form"
	"github.com/keybridge/keybridge/admin/readiness"
	"github.com/keybridge/keybridge/admin/web"
	"github.com/keybridge/keybridge/internal/settings"
	"github.com/keybridge/keybridge/plugin"
)

// Readiness tells how settings stand that are stored or about to be. seen is what Seen answered.
func (s *Service) Readiness(
	req *web.Request, set settings.Settings, lists form.Lists, health plugin.Health, seen map[settings.Object]WebhookSeen,
) []readiness.Line {
	in := readiness.Input{
		Settings: set, Lists: lists, Trouble: Trouble(lists.CRM.Err()), Profile: req.Profile, Health: health, Words: req.Words,
	}
	if seen != nil {
		in.Called = map[settings.Object]bool{}
		for object, s := range seen {
			in.Called[object] = !s.Received.IsZero()
		}
	}
	return readiness.Check(in)
}

// Seen tells what the CRM's webhooks did, by object; nil when nobody can tell.
func (s *Service) Seen(ctx context.Context, id plugin.ConnectionID) map[settings.Object]WebhookSeen {
	if s.Webhooks == nil {
		return nil
	}
	out := map[settings.Object]WebhookSeen{}
	for _, object := range []settings.Object{settings.ObjectOrder, settings.ObjectCard} {
		seen, err := s.Webhooks.Seen(ctx, id, object)
		if err != nil {
			s.Host.Logger().Warn("webhook state", "connection", string(id), "error", err.Error())
			return nil
		}
		out[object] = seen
	}
	return out
}
