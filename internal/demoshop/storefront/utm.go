package storefront

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keybridge/keybridge/internal/demoshop/domain"
	"github.com/keybridge/keybridge/internal/demoshop/web"
)

const (
	utmCookie = "demoshop_utm"
	utmLife   = 30 * 24 * time.Hour
)

// rememberUTM keeps the campaign marks of the last visit that had any, while the shop collects them.
func (s *Front) rememberUTM(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && strings.Contains(r.URL.RawQuery, "utm_") && web.SettingsOf(r).CollectUTM {
			if u := utmOf(r.URL.Query()); u != (domain.UTM{}) {
				http.SetCookie(w, s.Cookie(utmCookie, url.QueryEscape(utmQuery(u).Encode()), utmLife))
			}
		}
		next.ServeHTTP(w, r)
	})
}

// utmOf reads the marks of an address, cut to what an order keeps.
func utmOf(q url.Values) domain.UTM {
	mark := func(name string) string { return strings.TrimSpace(domain.Cut(strings.TrimSpace(q.Get(name)), 200)) }
	return domain.UTM{
		Source: mark("utm_source"), Medium: mark("utm_medium"), Campaign: mark("utm_campaign"), Term: mark("utm_term"), Content: mark("utm_content"),
	}
}

func utmQuery(u domain.UTM) url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"utm_source": u.Source, "utm_medium": u.Medium, "utm_campaign": u.Campaign, "utm_term": u.Term, "utm_content": u.Content,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// visitUTM answers the marks kept for the buyer; none while the shop does not collect them.
func visitUTM(r *http.Request) domain.UTM {
	c, err := r.Cookie(utmCookie)
	if err != nil || !web.SettingsOf(r).CollectUTM {
		return domain.UTM{}
	}
	raw, err := url.QueryUnescape(c.Value)
	if err != nil {
		return domain.UTM{}
	}
	q, err := url.ParseQuery(raw)
	if err != nil {
		return domain.UTM{}
	}
	return utmOf(q)
}
