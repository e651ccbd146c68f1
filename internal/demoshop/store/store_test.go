package store_test

import (
	"context"
	"testing"

	"github.com/keybridge/keybridge/internal/demoshop/store"
	"github.com/keybridge/keybridge/internal/pgtest"
)

func TestTwoProcessesMayOpenAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	errs := make(chan error, 3)
	for range 3 {
		go func() { errs <- store.Migrate(context.Background(), db.DB) }()
	}
	for range 3 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
