package bot

import (
	"context"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// A listing finds out in which channels the bot is, one type after the other.
type listing struct {
	*catchUp
	missed bool // all channels are read afterwards, else only new ones
	began  time.Time
	known  time.Time // when it was last known where the bot is
	kind   int       // of slack.ChannelTypes
	found  []store.Channel
}

// list begins a listing. c.mu is held.
func (c *catchUp) list(missed bool) {
	c.listing = true
	l := &listing{catchUp: c, missed: missed, began: c.m.Now()}
	l.chore("")
}

func (l *listing) chore(cursor string) {
	next := ""
	l.add(slack.LaneMine, func(ctx context.Context) (err error) {
		next, err = l.page(ctx, cursor)
		return err
	}, func(refused *integrations.Error) { // of a type that we have no right to list nothing is heard either
		switch {
		case next != "":
			l.chore(next)
		case l.kind+1 < len(slack.ChannelTypes):
			l.kind, l.found = l.kind+1, nil
			l.chore("")
		default:
			l.finish()
		}
	})
}

// page takes in a page of the channels of a type, and notes where the bot is after the last.
func (l *listing) page(ctx context.Context, cursor string) (next string, err error) {
	if l.known.IsZero() {
		if l.known, err = l.m.channelsKnownAt(); err != nil {
			return "", notStored(err)
		}
	}
	kind := slack.ChannelTypes[l.kind]
	page, next, err := l.m.Slack.ChannelsOf(ctx, "", kind.List, cursor)
	if err != nil {
		return "", err
	}
	found := l.found
	for _, ch := range page {
		found = append(found, l.m.channelSince(ch, l.known))
	}
	if next == "" {
		err = l.m.Store.ListChannels(kind.Event, found, l.began)
	}
	if err == nil {
		l.found = found
	}
	return next, notStored(err)
}

// channelsKnownAt returns when it was last known where the bot is: a channel that is new to us was entered later.
func (m *Machine) channelsKnownAt() (at time.Time, err error) {
	err = m.Store.View(func(v *store.View) error {
		first, err := v.FirstStart()
		if err != nil {
			return err
		}
		last, err := v.LastListing()
		if at = first; last.After(first) {
			at = last
		}
		return err
	})
	return at, err
}

// channelSince is a channel as it is noted if it is new to us: read from then on, or from its beginning if it did
// not exist then.
func (m *Machine) channelSince(ch slack.Channel, since time.Time) store.Channel {
	c := store.Channel{ID: ch.ID, Team: m.Identity.Team, Kind: ch.Type(), Shared: ch.ExtShared}
	if ch.Created.Before(since.Truncate(time.Second)) {
		c.Cursor = FormatTS(since)
	}
	return c
}

// finish has channels read, now that it is known where the bot is. c.mu is held.
func (l *listing) finish() {
	l.listing = false
	if sweep := l.m.CatchUp.Sweep; sweep > 0 {
		l.nextListing = following(l.nextListing, sweep, l.began)
		if l.nextSweep.IsZero() { // in the first pass all were read
			l.nextSweep = l.nextListing
		}
	}
	if err := l.lookBack(); err != nil {
		l.m.Log.Error("not looked back", "error", err)
	}
	channels, err := l.channels()
	if err != nil {
		l.m.Log.Error("channels not read", "error", err)
		l.wanted = l.wanted || l.missed // another time
	}
	for _, channel := range channels {
		if l.missed || channel.ReadAt.IsZero() {
			l.read(channel, l.missed)
		}
	}
	if l.missed && l.m.CatchUp.Join {
		l.joinAll("")
	}
}

// lookBack moves the cursors back, once, if that was asked for.
func (l *listing) lookBack() error {
	if l.lookedBack || l.m.CatchUp.Since.IsZero() {
		return nil
	}
	err := l.m.Store.LookBack(FormatTS(l.m.CatchUp.Since))
	l.lookedBack = err == nil
	return err
}

// joinAll joins the public channels in which the bot is not yet. c.mu is held.
func (c *catchUp) joinAll(cursor string) {
	c.add(slack.LaneList, func(ctx context.Context) error {
		page, next, err := c.m.Slack.PublicChannels(ctx, cursor)
		if err != nil {
			return err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, ch := range page {
			c.join(ch)
		}
		if next != "" {
			c.joinAll(next)
		}
		return nil
	}, ignore)
}

func ignore(*integrations.Error) {}

// join joins a channel if it is one for us: public, and not shared with another company. c.mu is held.
func (c *catchUp) join(ch slack.Channel) {
	if !c.m.CatchUp.Join || ch.Member || ch.Archived || ch.ExtShared || ch.Type() != publicChannel {
		return
	}
	c.add(slack.LaneJoin, func(ctx context.Context) error {
		if err := c.m.Slack.Join(ctx, ch.ID); err != nil {
			return err
		}
		return c.enter(ch)
	}, ignore)
}

// enter notes that the bot is in a channel, and has it read.
func (c *catchUp) enter(ch slack.Channel) error {
	known, err := c.m.channelsKnownAt()
	if err != nil {
		return notStored(err)
	}
	entered := c.m.channelSince(ch, known)
	if entered.Cursor != "" {
		entered.Cursor = FormatTS(c.m.Now()) // an old channel, from now on
	}
	if err := c.m.Store.AddChannel(entered); err != nil {
		return notStored(err)
	}
	row, err := store.Look(c.m.Store, func(v *store.View) (*store.Channel, error) { return v.Channel(ch.ID) })
	if err != nil || row == nil {
		return notStored(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read(*row, false)
	return nil
}

// look has a channel looked at of which Slack told something: it is entered, or joined, if that can be.
func (c *catchUp) look(id string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	c.add(slack.LaneChannel, func(ctx context.Context) error {
		ch, err := c.m.Slack.Channel(ctx, id)
		if err != nil {
			return err
		}
		if ch.Member && !ch.Archived {
			return c.enter(ch)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.join(ch)
		return nil
	}, ignore)
	c.mu.Unlock()
	c.wakeUp()
}
