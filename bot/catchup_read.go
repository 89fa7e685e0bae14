package bot

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// A channelRead is the reading of one channel from its cursor on. The cursor moves when all of it is done.
type channelRead struct {
	*catchUp
	channel store.Channel
	missed  bool            // something may have been missed in it, also edits of what is older
	began   time.Time       // zero until its first call
	open    map[string]bool // ts of the threads of tickets that are not closed
	refused bool            // a part of it
	left    int             // chores
	sorted  bool            // a notice said whether the channel is private now
	placed  time.Time       // when Slack was last asked who reads the channel
}

// read has a channel read, unless that is about to happen anyway; a read in hand is followed by another. c.mu is held.
func (c *catchUp) read(channel store.Channel, missed bool) {
	r := c.reads[channel.ID]
	if r == nil {
		r = &channelRead{catchUp: c, channel: channel}
		c.reads[channel.ID] = r
		r.chore(slack.LaneHistory, func(ctx context.Context) error { return r.history(ctx, "") })
	}
	r.missed = r.missed || missed
}

// chore has a part of the read done. c.mu is held.
func (r *channelRead) chore(lane string, do func(context.Context) error) {
	r.left++
	r.add(lane, do, r.ended)
}

// ended takes note that a part of the read is done, and finishes it after the last. c.mu is held.
func (r *channelRead) ended(refused *integrations.Error) {
	r.left--
	r.refused = r.refused || refused != nil
	if r.left > 0 {
		return
	}
	delete(r.reads, r.channel.ID)
	left := refused != nil && (refused.Code == "not_in_channel" || refused.Code == "channel_not_found")
	switch {
	case left:
		r.stored(r.m.Store.LeaveChannel(r.channel.ID))
	case r.refused:
		r.failed[r.channel.ID] = r.m.Now()
	default:
		r.stored(r.m.Store.FinishRead(r.channel.ID, FormatTS(r.began.Add(-cursorOverlap)), r.began))
	}
	if r.began.Before(r.catchUp.missed) && !left { // something may have been missed again
		r.read(r.channel, true)
	}
	if len(r.reads) == 0 && !r.listing && !r.wanted {
		r.lookedEverywhere()
	}
}

func (r *channelRead) stored(err error) {
	if err != nil {
		r.m.Log.Error("read of a channel not noted", "channel", r.channel.ID, "error", err)
	}
}

func (r *channelRead) place() place {
	r.mu.Lock()
	defer r.mu.Unlock()
	return place{r.channel.Team, r.channel.ID, r.channel.Kind, r.channel.Shared}
}

// history takes in a page of what stands in the channel itself, and has those threads read in which there may be news.
func (r *channelRead) history(ctx context.Context, cursor string) error {
	if r.began.IsZero() {
		if err := r.start(); err != nil {
			return err
		}
	}
	page, err := r.m.Slack.History(ctx, r.channel.ID, r.oldest(), cursor)
	if err != nil {
		return err
	}
	if err := r.heed(page.Messages); err != nil {
		return err
	}
	slices.Reverse(page.Messages) // so that the oldest goes first
	threads := r.withNews(page.Messages)
	page.Messages = r.proven(page)
	return r.take(page, func() {
		if cursor == "" {
			r.compareOpen()
		}
		for _, thread := range threads {
			r.chore(slack.LaneReplies, func(ctx context.Context) error { return r.replies(ctx, thread, r.since(), "") })
		}
		if page.Next != "" {
			r.chore(slack.LaneHistory, func(ctx context.Context) error { return r.history(ctx, page.Next) })
		}
	})
}

// proven leaves the first tombstones out of a page in order, if it is the one with the oldest messages: Slack itself may
// have removed those, by their age.
func (r *channelRead) proven(page slack.Page) []json.RawMessage {
	n := 0
	for page.Next == "" && n < len(page.Messages) && r.mayHaveAged(page.Messages[n]) {
		n++
	}
	return page.Messages[n:]
}

// mayHaveAged says whether a message of a list is the tombstone of one so old that Slack may have removed it by itself.
func (r *channelRead) mayHaveAged(raw json.RawMessage) bool {
	var m struct{ Subtype, TS string }
	if json.Unmarshal(raw, &m) != nil || m.Subtype != slack.Tombstone {
		return false
	}
	at, err := ParseTS(m.TS)
	return err == nil && r.began.Sub(at) >= keptFor
}

// start notes when the read begins and what it is to compare.
func (r *channelRead) start() error {
	open, err := store.Look(r.m.Store, func(v *store.View) ([]string, error) {
		return v.OpenThreads(r.channel.Team, r.channel.ID)
	})
	if err != nil {
		return notStored(err)
	}
	r.open = map[string]bool{}
	for _, thread := range open {
		r.open[thread] = true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = r.m.Now()
	return nil
}

// oldest is from when on messages are listed: from the cursor, and some days back for their threads.
func (r *channelRead) oldest() string {
	return min(r.channel.Cursor, FormatTS(r.began.AddDate(0, 0, -r.m.CatchUp.Days)))
}

// heed looks for the latest notice that the channel became private, in a page with the latest message first: the list
// by which we knew it as public may be old.
func (r *channelRead) heed(page []json.RawMessage) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, raw := range page {
		var notice struct{ Subtype string }
		if r.sorted || json.Unmarshal(raw, &notice) != nil || conversions[notice.Subtype] == "" {
			continue
		}
		r.sorted = true
		if kind := conversions[notice.Subtype]; kind != publicChannel {
			r.channel.Kind = kind
			return notStored(r.m.Store.CloseChannel(r.channel.ID, kind))
		}
	}
	return nil
}

// take takes in a page, and then goes on, with r.mu held.
func (r *channelRead) take(page slack.Page, goOn func()) error {
	at := r.m.slackTime(page.Date)
	take := func() error {
		for _, raw := range page.Messages {
			if err := r.m.door.found(raw, r.place(), at, r.channel.Cursor); err != nil {
				return err
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		goOn()
		return nil
	}
	return r.whenPlaced(page, r.channel.Cursor, take)
}

// placeHolds is for how long an answer about who reads a channel is believed. What is said meanwhile is heard live, and
// each event says whether its channel is shared.
const placeHolds = 5 * time.Minute

// whenPlaced takes in a page of what is later than after, a ts. If there is news for us in it, it waits until it is known
// who reads the channel: the list by which we know it may be old, and nothing tells us that it was shared with another
// company since.
func (r *channelRead) whenPlaced(page slack.Page, after string, take func() error) error {
	if r.isPlaced() {
		return take()
	}
	news, err := r.m.door.concerns(page, r.place(), after)
	if err != nil {
		return err
	}
	if !news {
		return take()
	}
	r.then(slack.LaneChannel, func(ctx context.Context) error {
		if err := r.askPlace(ctx); err != nil {
			return err
		}
		return take()
	})
	return nil
}

// isPlaced says whether Slack said lately who reads the channel.
func (r *channelRead) isPlaced() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m.Now().Sub(r.placed) < placeHolds
}

// askPlace asks Slack who reads the channel, unless it said so while this waited for its turn.
func (r *channelRead) askPlace(ctx context.Context) error {
	if r.isPlaced() {
		return nil
	}
	at := r.m.Now()
	ch, err := r.m.Slack.Channel(ctx, r.channel.ID)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.channel.Kind, r.channel.Shared, r.placed = ch.Type(), ch.ExtShared, at
	return notStored(r.m.Store.AddChannel(r.channel))
}

// editsWithin is for how long after it was written people edit a reply: so far back replies are read again where
// edits may have been missed.
const editsWithin = 24 * time.Hour

// since is from when on replies are news.
func (r *channelRead) since() string {
	at, err := ParseTS(r.channel.Cursor)
	if err != nil || !r.missed {
		return r.channel.Cursor
	}
	return FormatTS(at.Add(-editsWithin))
}

// withNews returns those of a page's threads that have replies which may be news. Open tickets' are compared anyway.
func (r *channelRead) withNews(page []json.RawMessage) (threads []string) {
	since := r.since()
	for _, raw := range page {
		var root struct {
			TS     string `json:"ts"`
			Latest string `json:"latest_reply"`
		}
		if json.Unmarshal(raw, &root) == nil && root.Latest > since && !r.open[root.TS] {
			threads = append(threads, root.TS)
		}
	}
	return threads
}

// replies takes in a page of what was said in a thread since a ts.
func (r *channelRead) replies(ctx context.Context, thread, since, cursor string) error {
	page, err := r.m.Slack.Replies(ctx, r.channel.ID, thread, since, cursor)
	if err != nil && integrations.AsError(err).Code == threadNotFound {
		return nil // it was deleted meanwhile
	}
	if err != nil {
		return err
	}
	page.Messages = slices.DeleteFunc(page.Messages, r.mayHaveAged) // of a thread's root the channel's own list tells
	return r.take(page, func() {
		if page.Next != "" {
			r.chore(slack.LaneReplies, func(ctx context.Context) error { return r.replies(ctx, thread, since, page.Next) })
		}
	})
}

// compareOpen has the threads of open tickets read whole, so that edits and deletions show. r.mu is held.
func (r *channelRead) compareOpen() {
	for thread := range r.open {
		r.chore(slack.LaneReplies, func(ctx context.Context) error {
			whole, err := r.m.newThreadRead(r.place(), thread)
			if err != nil {
				return err
			}
			return r.compare(ctx, whole)
		})
	}
}

// compare reads the next page of a thread, and has the others read.
func (r *channelRead) compare(ctx context.Context, whole *threadRead) error {
	page, err := whole.fetch(ctx)
	if err != nil {
		return err
	}
	return r.whenPlaced(page, "", func() error {
		whole.in = r.place()
		more, err := whole.take(page)
		switch {
		case err != nil:
			return err
		case more:
			r.then(slack.LaneReplies, func(ctx context.Context) error { return r.compare(ctx, whole) })
		case !whole.result.Whole: // it goes on beyond what is compared
			since := max(r.channel.Cursor, whole.asked)
			r.then(slack.LaneReplies, func(ctx context.Context) error { return r.replies(ctx, whole.thread, since, "") })
		case whole.doubted() != "":
			r.then(slack.LaneHistory, func(ctx context.Context) error {
				if err := whole.ask(ctx); err != nil {
					return err
				}
				return whole.takeBack()
			})
		default:
			return whole.takeBack()
		}
		return nil
	})
}

// then has a further part of the read done.
func (r *channelRead) then(lane string, do func(context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.chore(lane, do)
}
