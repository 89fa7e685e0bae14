package main

import (
	"context"

	"supportbot/store"
)

// pauseCmd has a service stand still.
type pauseCmd struct {
	configFlag
	Service string `arg:"" enum:"github,slack" help:"The service: github or slack."`
}

func (pauseCmd) Help() string {
	return `From then on nothing is written to the service or read from it; what is in hand is finished. ` +
		`Whatever is for it waits, in order and across restarts, until "supportbot resume". ` +
		`Slack's events are taken in all the same, so nothing that people say is lost. ` +
		`The ops channel is told (not of a pause of Slack itself), and /readyz and /metrics show it.`
}

func (p pauseCmd) Run(ctx context.Context, e *environment) error {
	return e.ask(ctx, p.Config, store.PauseService, p.Service)
}

// resumeCmd ends a pause.
type resumeCmd struct {
	configFlag
	Service string `arg:"" enum:"github,slack" help:"The service: github or slack."`
}

func (resumeCmd) Help() string {
	return `What waited goes out in order, as fast as the service's limits allow.`
}

func (r resumeCmd) Run(ctx context.Context, e *environment) error {
	return e.ask(ctx, r.Config, store.ResumeService, r.Service)
}
