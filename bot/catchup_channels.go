package bot

import (
	"context"
	"encoding/json"
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
	l.lookedBack = true
	return l.m.Store.LookBack(FormatTS(l.m.CatchUp.Since))
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
	var row *store.Channel
	err = c.m.Store.View(func(v *store.View) (err error) {
		row, err = v.Channel(ch.ID)
		return err
	})
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

// channelEvent takes in what Slack tells of a channel.
func (d *door) channelEvent(kind string, event json.RawMessage) error {
	switch kind {
	case "channel_created":
		var e struct{ Channel struct{ ID string } }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		d.m.catchUp.look(e.Channel.ID)
	case "channel_unarchive", "group_unarchive":
		var e struct{ Channel string }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		d.m.catchUp.look(e.Channel)
	case "member_joined_channel":
		var e struct{ User, Channel string }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		if e.User == d.m.Identity.User {
			d.m.catchUp.look(e.Channel)
		}
	case "channel_archive", "group_archive":
		var e struct{ Channel string }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		return d.m.Store.LeaveChannel(e.Channel)
	case "channel_id_changed":
		var e struct {
			Old string `json:"old_channel_id"`
			New string `json:"new_channel_id"`
		}
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		return d.moved(e.Old, e.New)
	}
	return nil
}

// conversions are the notices that a channel is public or private from now on, with the channel_type that it has then
// (docs.slack.dev/reference/events/message/channel_convert_to_private and …_to_public).
var conversions = map[string]string{"channel_convert_to_private": privateChannel, "channel_convert_to_public": publicChannel}

// converted takes in that a channel became private, at once; that it became public is asked of Slack first, as that may
// be old news.
func (d *door) converted(notice json.RawMessage, kind string) error {
	var e struct{ Channel string }
	if err := json.Unmarshal(notice, &e); err != nil {
		return unreadable(err)
	}
	if kind == publicChannel {
		d.m.catchUp.look(e.Channel)
		return nil
	}
	return d.m.Store.CloseChannel(e.Channel, kind)
}

// moved takes in that a channel has another id now. An id is never a part of another one's text.
func (d *door) moved(old, new string) error {
	if len(old) < minChannelID || len(new) < minChannelID || old == new {
		return nil
	}
	return d.m.Store.MoveChannel(d.m.Identity.Team, old, new)
}

// minChannelID is shorter than any id of Slack's, and longer than what a text holds by chance.
const minChannelID = 5
