package bot

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"supportbot/integrations"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// ReadThreadKind is the kind of action that takes a whole thread in through the door. Its payload is a ReadThread,
// its result a ThreadRead, whose Answered event comes after those of the messages.
const ReadThreadKind = "slack.read_thread"

// A ReadThread says which thread to read.
type ReadThread struct {
	Team    string `json:"team"`
	Channel string `json:"channel"`
	Thread  string `json:"thread"` // ts of its first message
}

// A ThreadRead says what there was in a thread.
type ThreadRead struct {
	Messages int  `json:"messages"` // what people and other bots said; 0 if the thread is gone
	Whole    bool `json:"whole"`    // false if it has more than were read
}

// maxThread is how many messages of a thread are read.
const maxThread = 1000

// readThreadKind is performed by the machine itself, since what is read goes through the door.
func (m *Machine) readThreadKind() integrations.Kind {
	return integrations.Kind{
		Name: ReadThreadKind, Settling: integrations.Idempotent, Read: true,
		Lane: func(integrations.Call) string { return slack.LaneReplies },
		Perform: integrations.Performing(func(ctx context.Context, _ integrations.Call, asked ReadThread) (ThreadRead, error) {
			return m.performReadThread(ctx, asked)
		}),
	}
}

// performReadThread asks first where the thread is: what was a public channel may have become private since, and
// then what was said there is not for everybody.
func (m *Machine) performReadThread(ctx context.Context, asked ReadThread) (ThreadRead, error) {
	if err := m.spend(slack.LaneChannel); err != nil {
		return ThreadRead{}, err
	}
	channel, err := m.Slack.Channel(ctx, asked.Channel)
	if err != nil {
		return ThreadRead{}, err
	}
	r, err := m.newThreadRead(place{asked.Team, asked.Channel, channel.Type(), channel.ExtShared}, asked.Thread)
	if err != nil {
		return ThreadRead{}, err
	}
	for more, first := true, true; more; first = false {
		if !first { // which is the action's own call
			if err := m.spend(slack.LaneReplies); err != nil {
				return ThreadRead{}, err
			}
		}
		page, err := r.fetch(ctx)
		if err != nil {
			return ThreadRead{}, err
		}
		if more, err = r.take(page); err != nil {
			return ThreadRead{}, err
		}
	}
	if r.doubted() != "" {
		if err := m.spend(slack.LaneHistory); err != nil {
			return ThreadRead{}, err
		}
		if err := r.ask(ctx); err != nil {
			return ThreadRead{}, err
		}
	}
	return r.result, r.takeBack()
}

// spend counts a call of the machine's own in a lane of Slack's. If the limits want it to wait, it is an error that
// says for how long.
func (m *Machine) spend(lane string) error {
	now := m.Now()
	free, ok := m.performers["slack"].limiter.Start(lane, now)
	if ok {
		return nil
	}
	return &integrations.Error{Op: "slack: " + lane, Code: "our own limit", Failure: integrations.Limited, After: free.Sub(now)}
}

// A threadRead is the reading of one thread, page by page.
type threadRead struct {
	m      *Machine
	in     place
	thread string
	known  map[string]*store.Message // by ts: what we knew of it before
	asked  string                    // ts since when it is a ticket's; empty if it is none's
	began  time.Time
	seen   map[string]bool // ts of what is there
	oldest string          // ts of the first of it that is no tombstone, empty if there is none
	gone   []Message       // deletions, the oldest first
	older  bool            // the channel shows something older than all that is gone
	cursor string          // of the next page
	result ThreadRead
}

func (m *Machine) newThreadRead(in place, thread string) (*threadRead, error) {
	r := &threadRead{m: m, in: in, thread: thread, began: m.Now(), known: map[string]*store.Message{}, seen: map[string]bool{}}
	if err := r.recall(); err != nil {
		return nil, err
	}
	return r, nil
}

// fetch reads the next page of the thread, in one call. Of a thread that is gone it is empty.
func (r *threadRead) fetch(ctx context.Context) (slack.Page, error) {
	page, err := r.m.Slack.Replies(ctx, r.in.channel, r.thread, "", r.cursor)
	if err != nil && integrations.AsError(err).Code == threadNotFound {
		return slack.Page{}, nil
	}
	return page, err
}

// take takes in what a page of the thread holds, and says whether there are more to read. After the last, what we knew of
// the thread and is not there any more is gone.
func (r *threadRead) take(page slack.Page) (more bool, err error) {
	r.result.Whole = page.Next == ""
	if err := r.takeAll(page); err != nil {
		return false, err
	}
	r.cursor = page.Next
	if r.result.Whole {
		r.missing()
		return false, nil
	}
	return len(r.seen) < maxThread, nil
}

// threadNotFound is how Slack calls a thread whose root was deleted before it had replies.
const threadNotFound = "thread_not_found"

// takeAll takes in the messages of a page. The thread's root may come again on each.
func (r *threadRead) takeAll(page slack.Page) error {
	at := r.m.slackTime(page.Date)
	for _, raw := range page.Messages {
		var id struct{ TS string }
		if err := json.Unmarshal(raw, &id); err != nil || r.seen[id.TS] {
			continue
		}
		if len(r.seen) == maxThread {
			r.result.Whole = false
			return nil
		}
		said, err := r.takeOne(raw, at)
		if err != nil {
			return err
		}
		r.seen[id.TS] = true
		if said {
			r.result.Messages++
		}
	}
	return nil
}

// takeOne takes in a message of the thread, and says whether somebody said something in it. That it is deleted is only
// noted.
func (r *threadRead) takeOne(raw json.RawMessage, at time.Time) (said bool, err error) {
	return r.m.door.listed(raw, r.in, at, "", func(m Message, _ bool) error {
		known := r.known[m.TS]
		if m.Deleted {
			if known == nil || !known.Deleted {
				r.gone = append(r.gone, m)
			}
			return nil
		}
		if r.oldest == "" {
			r.oldest = m.TS
		}
		if known != nil {
			m.lose(known.Files, at)
		}
		_, err := r.m.door.message(m)
		return err
	})
}

// showsWithin is the time after which a list surely shows a message.
const showsWithin = time.Minute

// missing notes that what we knew is gone, as far as the thread does not show it any more.
func (r *threadRead) missing() {
	for _, k := range r.known {
		if !r.seen[k.TS] && !k.Deleted && r.began.Sub(k.At) >= showsWithin {
			r.gone = append(r.gone, r.deletion(k))
		}
	}
	slices.SortFunc(r.gone, func(a, b Message) int { return strings.Compare(a.TS, b.TS) })
}

// keptFor is how long Slack shows a message at least, unless somebody deletes it: the shortest retention policy is a day
// (invalid_duration in docs.slack.dev/reference/methods/admin.conversations.setCustomRetention).
const keptFor = 24 * time.Hour

// takenBack says whether somebody deleted m. A retention policy, and a plan whose history is short, make messages vanish
// too, without a word, but by their age: not as long as something older is shown.
func (r *threadRead) takenBack(m Message) bool {
	return r.older || r.began.Sub(m.At) < keptFor || r.oldest != "" && r.oldest < m.TS || r.known[m.TS] == nil
}

// doubted returns the ts of the first message that is gone of which the thread alone does not say whether somebody deleted
// it; empty if there is none.
func (r *threadRead) doubted() string {
	for _, m := range r.gone {
		if !r.takenBack(m) {
			return m.TS
		}
	}
	return ""
}

// ask finds out whether the channel shows something older than what is doubted.
func (r *threadRead) ask(ctx context.Context) (err error) {
	r.older, err = r.m.Slack.ShowsBefore(ctx, r.in.channel, r.doubted())
	return err
}

// takeBack takes in what somebody deleted.
func (r *threadRead) takeBack() error {
	for _, m := range r.gone {
		if !r.takenBack(m) {
			continue
		}
		err := guarded(func() error {
			_, err := r.m.door.message(m)
			return err
		})
		if err != nil {
			return notStored(err)
		}
	}
	return nil
}

func (r *threadRead) deletion(k *store.Message) Message {
	return Message{
		Team: k.Team, Channel: k.Channel, TS: k.TS, Thread: k.Thread, Sender: k.Sender, Bot: !k.Person, Name: k.Name,
		At: k.At, Deleted: true, Mentioned: k.Mention, Found: true,
		Private: r.in.kind != publicChannel, Shared: r.in.shared, Direct: k.Direct,
	}
}

// recall looks up what is stored of the thread, if it is a ticket's.
func (r *threadRead) recall() error {
	return notStored(r.m.Store.View(func(v *store.View) error {
		alias, err := v.Thread(r.in.team, r.in.channel, r.thread)
		if alias == nil || err != nil {
			return err
		}
		r.asked = FormatTS(alias.At)
		all, err := v.Messages(alias.Ticket)
		for _, message := range all {
			if message.Channel == r.in.channel && message.Thread == r.thread {
				r.known[message.TS] = message
			}
		}
		return err
	}))
}

// slackTime is the time now by Slack's clock, of which an answer tells the whole seconds. Edits of one second are told
// apart by it, and our clock may be another.
func (m *Machine) slackTime(date time.Time) time.Time {
	now := m.Now()
	if date.IsZero() {
		return now
	}
	return now.Add(date.Sub(now.Truncate(time.Second)))
}

// found takes in a message of a list, as it was at a time. What was said and edited until after, a ts, is known
// already, unless it belongs to a ticket.
func (d *door) found(raw json.RawMessage, in place, at time.Time, after string) error {
	_, err := d.listed(raw, in, at, after, func(m Message, fresh bool) (err error) {
		if fresh {
			_, err = d.message(m)
		}
		return err
	})
	return err
}

// listed hands a message of a list on, as readable does, and says whether somebody said something in it. What can't be
// read is left out: another time it could not be read either.
func (d *door) listed(raw json.RawMessage, in place, at time.Time, after string, use func(m Message, fresh bool) error) (said bool, err error) {
	err = d.readable(raw, in, at, after, func(m Message, fresh bool) error {
		said = !m.Deleted
		return use(m, fresh)
	})
	if errors.Is(err, errUnreadable) {
		d.m.Log.Error("listed message not taken in", "channel", in.channel, "error", err)
		return false, nil
	}
	return said, notStored(err)
}

// concerns says whether there is something in a page of a list that is ours and that we did not know.
func (d *door) concerns(page slack.Page, in place, after string) (news bool, err error) {
	for i := 0; i < len(page.Messages) && !news && err == nil; i++ {
		err = d.readable(page.Messages[i], in, d.m.Now(), after, func(m Message, fresh bool) (err error) {
			if fresh {
				news, err = d.isNews(m)
			}
			return err
		})
		if errors.Is(err, errUnreadable) {
			err = nil // found says so
		}
	}
	return news, notStored(err)
}

// isNews says whether m is ours, in a version that we don't know.
func (d *door) isNews(m Message) (news bool, err error) {
	err = d.m.Store.View(func(v *store.View) error {
		known, err := v.Message(m.Team, m.Channel, m.TS)
		news = known == nil || known.Edited != m.Edited || known.Deleted != m.Deleted || m.lost() || slices.ContainsFunc(known.Files, m.lacks)
		return err
	})
	if err != nil || !news {
		return false, err
	}
	for _, h := range d.m.Handlers {
		if wants, err := d.wants(h, m); wants || err != nil {
			return wants, err
		}
	}
	return false, nil
}

// readable reads a message of a list and hands it on, if it is one, with whether it is ours or later than after.
func (d *door) readable(raw json.RawMessage, in place, at time.Time, after string, use func(m Message, fresh bool) error) error {
	return guarded(func() error {
		m, ok, err := d.m.Identity.listed(raw, in, at)
		if err != nil {
			return unreadable(err)
		}
		if !ok {
			return nil
		}
		fresh := m.TS > after
		if !fresh {
			if m.Found, err = d.known(m); err != nil {
				return err
			}
			fresh = m.Found || m.Edited > after
		}
		return use(m, fresh)
	})
}

// known says whether m belongs to a ticket.
func (d *door) known(m Message) (known bool, err error) {
	err = d.m.Store.View(func(v *store.View) error {
		thread, err := v.Thread(m.Team, m.Channel, m.Thread)
		if known = thread != nil; known || err != nil {
			return err
		}
		ticket, err := v.TicketOfMessage(m.Team, m.Channel, m.TS)
		known = ticket != ""
		return err
	})
	return known, err
}

// notStored is the failure of a read whose result could not be stored: it is to be repeated.
func notStored(err error) error {
	if err == nil {
		return nil
	}
	return &integrations.Error{Op: "take in what was read", Code: "not stored", Failure: integrations.Unknown, Err: err}
}
