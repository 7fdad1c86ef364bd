package main

import (
	"context"
	"errors"
)

func (b *bench) long(ctx context.Context, agents int) error { return nil }

func fleet(ctx context.Context, b *bed) (metrics, error) { return nil, errors.New("not yet") }
