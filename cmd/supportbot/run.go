package main

import (
	"context"
	"errors"
)

// runCmd is the bot itself.
type runCmd struct {
	configFlag
}

func (runCmd) Help() string {
	return `Runs until it gets SIGTERM or SIGINT; it then finishes what it has in hand, which takes ten seconds at most. ` +
		`Killed in any other way, it goes on where it was at the next start.`
}

func (r runCmd) Run(ctx context.Context, e *environment) (err error) {
	settings, secrets, err := r.load(e)
	if err != nil {
		return err
	}
	log := e.logger(settings.Log)
	a, err := newApp(ctx, settings, secrets, realClock{}, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := a.serve(ctx); err != nil {
		return err
	}
	log.Info("running", "mode", settings.Mode, "repository", settings.GitHub.Repository, "group", settings.Slack.SupportGroup)
	err = a.run(ctx)
	log.Info("stopped")
	return err
}
