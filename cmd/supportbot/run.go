package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// runCmd is the bot itself.
type runCmd struct {
	configFlag
	Since string `placeholder:"WHEN" help:"Look back once for what was said since then: a day, such as 2026-11-01, or how long ago, such as 72h. Without it the bot goes on where it ended, and begins from now at its first start."`
}

func (runCmd) Help() string {
	return `Secrets come from the environment or from files named there; "supportbot check" says which, and whether all is ready. ` +
		`Runs until it gets SIGTERM or SIGINT; it then finishes what it has in hand, which takes ten seconds at most. ` +
		`Killed in any other way, it goes on where it was at the next start.`
}

// garbage is by how many percent the heap may grow before it is collected, unless GOGC says otherwise. The bot's is
// small: it may grow more than Go lets it, for less CPU. 200 would take 10 MB more in a burst, for a fiftieth less.
const garbage = 150

func (r runCmd) Run(ctx context.Context, e *environment) (err error) {
	if e.getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	settings, secrets, err := r.load(e)
	if err != nil {
		return err
	}
	if settings.Since, err = since(r.Since, time.Now()); err != nil {
		return usageError{err}
	}
	log := e.logger(settings.Log)
	a, err := openApp(settings, realClock{}, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := a.serve(ctx); err != nil {
		return err
	}
	err = a.join(ctx, secrets, realClock{})
	switch {
	case err != nil && ctx.Err() != nil:
		log.Info("stopped before Slack said who we are")
		return nil
	case err != nil:
		return err
	}
	log.Info("running", "mode", settings.Mode, "repository", settings.GitHub.Repository, "group", settings.Slack.SupportGroup)
	err = a.run(ctx)
	log.Info("stopped")
	return err
}

// slackBegan is the year before which nobody said anything in Slack.
const slackBegan = 2013

// since reads the flag of that name: a day, or how long ago. Empty is the zero time.
func since(value string, now time.Time) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, value, now.Location())
	if ago, notAgo := time.ParseDuration(value); err != nil && notAgo == nil {
		at, err = now.Add(-ago), nil
	}
	if err != nil || !at.Before(now) || at.Year() < slackBegan {
		return time.Time{}, fmt.Errorf("--since must be a day in the past, such as 2026-11-01, or a time such as 72h, not %s", quoted(value))
	}
	return at, nil
}
