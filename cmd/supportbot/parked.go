package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"supportbot/store"
)

// parkedCmd deals with events whose decision failed five times.
type parkedCmd struct {
	List  parkedListCmd  `cmd:"" help:"List events that could not be decided, with what was wrong."`
	Retry parkedRetryCmd `cmd:"" help:"Decide such an event again, or all."`
	Drop  parkedDropCmd  `cmd:"" help:"Give such an event up, or all."`
}

func (parkedCmd) Help() string {
	return `An event whose decision fails five times is put aside, so that later ones go on; people and operators are told. ` +
		`That is a mistake in the bot, or a database that it can't write: mend it, and decide the event again.`
}

type parkedListCmd struct{ configFlag }

func (parkedListCmd) Help() string {
	return `It only reads, and may be used while the bot runs.`
}

func (p parkedListCmd) Run(e *environment) error {
	return p.read(func(db *store.DB) error {
		events, err := store.Look(db, (*store.View).Parked)
		if err == nil {
			listParked(e.stdout, events)
		}
		return err
	})
}

func listParked(w io.Writer, events []store.Event) {
	if len(events) == 0 {
		fmt.Fprintln(w, "No event is parked.")
		return
	}
	for _, e := range events {
		fmt.Fprintf(w, "%d  %s of %s, %s UTC\n    %s\n    %s\n", e.ID, e.Kind, e.Subject, e.At.Format("2006-01-02 15:04:05"), e.Key, e.Error)
	}
}

// parkedArg says which events.
type parkedArg struct {
	configFlag
	Which string `arg:"" name:"number-or-all" help:"The number of the event, as the list says; or all."`
}

// check refuses what can be neither a number nor all, before the bot is asked.
func (p parkedArg) check() error {
	if _, err := strconv.ParseInt(p.Which, 10, 64); err != nil && p.Which != store.All {
		return usageError{fmt.Errorf("%q is neither the number of an event nor \"all\"", p.Which)}
	}
	return nil
}

type parkedRetryCmd struct{ parkedArg }

func (parkedRetryCmd) Help() string {
	return `The event is decided after what was decided meanwhile; an old version of a message changes nothing then.`
}

func (p parkedRetryCmd) Run(ctx context.Context, e *environment) error {
	if err := p.check(); err != nil {
		return err
	}
	return e.ask(ctx, p.Config, store.RetryParked, p.Which)
}

type parkedDropCmd struct{ parkedArg }

func (parkedDropCmd) Help() string {
	return `The event is never decided; "supportbot explain" still shows it.`
}

func (p parkedDropCmd) Run(ctx context.Context, e *environment) error {
	if err := p.check(); err != nil {
		return err
	}
	return e.ask(ctx, p.Config, store.DropParked, p.Which)
}
