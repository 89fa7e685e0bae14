package main

import (
	"context"
)

type checkCmd struct {
	configFlag
}

func (c checkCmd) Run(ctx context.Context, e *environment) error {
	_, _, err := c.load(e)
	return err
}
