package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"supportbot/store"
)

const (
	// answerWithin is how long a command waits for the running bot, which looks once a second.
	answerWithin = 10 * time.Second
	askAgain     = 100 * time.Millisecond
)

// ask leaves a request for the running bot, waits a moment for what comes of it, and prints that.
func (e *environment) ask(ctx context.Context, config, verb, what string) (err error) {
	settings, err := LoadSettings(config)
	if err != nil {
		return usageError{err}
	}
	path := settings.Store.Path
	db, err := store.OpenBeside(path, time.Now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	id, err := db.Ask(verb, what)
	if err != nil {
		return err
	}
	if !isLocked(path + ".lock") {
		fmt.Fprintln(e.stdout, "The bot is not running. It will do this when it starts.")
		return nil
	}
	q, err := answerTo(ctx, db, id)
	switch {
	case err != nil:
		return err
	case q.AnsweredAt.IsZero():
		return fmt.Errorf("the bot has not answered within %v; it will do this when it can", answerWithin)
	case q.Refused:
		return errors.New(q.Answer)
	}
	fmt.Fprintln(e.stdout, q.Answer)
	return nil
}

// answerTo returns a request once it is answered, or as it is after answerWithin.
func answerTo(ctx context.Context, db *store.DB, id int64) (q store.Request, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for {
		q, err = store.Look(db, func(v *store.View) (store.Request, error) { return v.Request(id) })
		if err != nil || !q.AnsweredAt.IsZero() {
			return q, err
		}
		select {
		case <-ctx.Done():
			return q, nil
		case <-time.After(askAgain):
		}
	}
}
