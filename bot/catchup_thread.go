package bot

import (
	"context"
	"encoding/json"
	"errors"
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
	Team    string `json:"team,omitempty"` // our own if empty
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
		Perform: func(ctx context.Context, c integrations.Call) (json.RawMessage, error) {
			var asked ReadThread
			if err := json.Unmarshal(c.Body, &asked); err != nil {
				return nil, err
			}
			read, err := m.performReadThread(ctx, asked)
			if err != nil {
				return nil, err
			}
			return json.Marshal(read)
		},
	}
}

// performReadThread asks first where the thread is: what was a public channel may have become private since, and
// then what was said there is not for everybody.
func (m *Machine) performReadThread(ctx context.Context, asked ReadThread) (ThreadRead, error) {
	if asked.Team == "" {
		asked.Team = m.Identity.Team
	}
	if err := m.spend(slack.LaneChannel); err != nil {
		return ThreadRead{}, err
	}
	channel, err := m.Slack.Channel(ctx, asked.Channel)
	if err != nil {
		return ThreadRead{}, err
	}
	in := place{asked.Team, asked.Channel, channel.Type(), channel.ExtShared}
	counted := true // the first page is the action's own call
	return m.readThread(in, asked.Thread, func(cursor string) (slack.Page, error) {
		if !counted {
			if err := m.spend(slack.LaneReplies); err != nil {
				return slack.Page{}, err
			}
		}
		counted = false
		return m.Slack.Replies(ctx, asked.Channel, asked.Thread, "", cursor)
	})
}

// spend counts a call of the machine's own in a lane of Slack's. If the limits want it to wait, it is an error that
// says for how long.
func (m *Machine) spend(lane string) error {
	now := m.Now()
	free, ok := m.performers["slack"].spend(lane, now)
	if ok {
		return nil
	}
	return &integrations.Error{Op: "slack: " + lane, Code: "our own limit", Failure: integrations.Limited, After: free.Sub(now)}
}

// A threadRead is the reading of one thread.
type threadRead struct {
	m      *Machine
	in     place
	thread string
	began  time.Time
	seen   map[string]bool // ts of what is there
	result ThreadRead
}

// readThread takes in what a thread holds now, page by page. What we know of the thread and is not there any more was
// deleted.
func (m *Machine) readThread(in place, thread string, page func(cursor string) (slack.Page, error)) (ThreadRead, error) {
	known, err := m.messagesIn(in, thread)
	if err != nil {
		return ThreadRead{}, err
	}
	r := threadRead{m: m, in: in, thread: thread, began: m.Now(), seen: map[string]bool{}}
	r.result.Whole = true
	for cursor, more := "", true; more; {
		p, err := page(cursor)
		if err != nil && integrations.AsError(err).Code == "thread_not_found" {
			break // its root was deleted before it had replies
		}
		if err != nil {
			return ThreadRead{}, err
		}
		if err := r.take(p.Messages); err != nil {
			return ThreadRead{}, err
		}
		cursor, more = p.Next, p.Next != ""
		if more && len(r.seen) >= maxThread {
			r.result.Whole, more = false, false
		}
	}
	if r.result.Whole {
		err = r.missing(known)
	}
	return r.result, err
}

// take takes in a page of the thread. Its root may come again on each page.
func (r *threadRead) take(page []json.RawMessage) error {
	for _, raw := range page {
		var id struct{ TS string }
		if err := json.Unmarshal(raw, &id); err != nil || r.seen[id.TS] {
			continue
		}
		if len(r.seen) == maxThread {
			r.result.Whole = false
			return nil
		}
		r.seen[id.TS] = true
		said, err := r.m.door.found(raw, r.in, r.began)
		if err != nil {
			return err
		}
		if said {
			r.result.Messages++
		}
	}
	return nil
}

// showsWithin is the time after which a list surely shows a message.
const showsWithin = time.Minute

// missing has the messages among known deleted that the list does not show any more.
func (r *threadRead) missing(known []*store.Message) error {
	for _, k := range known {
		if r.seen[k.TS] || k.Deleted || r.began.Sub(k.At) < showsWithin {
			continue
		}
		err := guarded(func() error {
			_, err := r.m.door.message(r.deletion(k))
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

// messagesIn returns what is stored of a thread of a ticket; nothing if it is of none.
func (m *Machine) messagesIn(in place, thread string) (known []*store.Message, err error) {
	err = m.Store.View(func(v *store.View) error {
		alias, err := v.Thread(in.team, in.channel, thread)
		if alias == nil || err != nil {
			return err
		}
		all, err := v.Messages(alias.Ticket)
		for _, message := range all {
			if message.Channel == in.channel && message.Thread == thread {
				known = append(known, message)
			}
		}
		return err
	})
	return known, notStored(err)
}

// found takes in a message of a list, as it was at a time. It says whether somebody said something in it. What can't
// be read is left out: another time it could not be read either.
func (d *door) found(raw json.RawMessage, in place, at time.Time) (said bool, err error) {
	err = guarded(func() error {
		m, ok, err := d.m.Identity.listed(raw, in, at)
		if err != nil {
			return unreadable(err)
		}
		if !ok {
			return nil
		}
		said = !m.Deleted
		_, err = d.message(m)
		return err
	})
	if errors.Is(err, errUnreadable) {
		d.m.Log.Error("listed message not taken in", "channel", in.channel, "error", err)
		return false, nil
	}
	return said, notStored(err)
}

// notStored is the failure of a read whose result could not be stored: it is to be repeated.
func notStored(err error) error {
	if err == nil {
		return nil
	}
	return &integrations.Error{Op: "take in what was read", Code: "not stored", Failure: integrations.Unknown, Err: err}
}
