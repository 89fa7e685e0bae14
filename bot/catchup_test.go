package bot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"supportbot/integrations"
	"supportbot/integrations/sandbox"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// A town is a machine that does not run, beside a stand-in of Slack.
type town struct {
	*Machine
	slack *sandbox.Slack
	clock *sandbox.Clock
}

func newTown(t *testing.T, handlers ...Handler) town {
	t.Helper()
	return newTownThat(t, CatchUp{}, handlers...)
}

func newTownThat(t *testing.T, catchesUp CatchUp, handlers ...Handler) town {
	t.Helper()
	clock := sandbox.NewClock(noon)
	s := sandbox.NewSlack(sandbox.SlackOptions{Clock: clock})
	t.Cleanup(s.Close)
	s.AddPerson(sandbox.Person{ID: "U0ALICE", Name: "alice"})
	s.AddGroup(sandbox.Group{ID: "S0SUPPORT", Handle: "support"})
	s.AddChannel(sandbox.Channel{ID: "C1", Name: "data", Members: []string{"U0ALICE", s.BotUserID()}})
	client := slack.New(slack.Config{APIURL: s.URL(), BotToken: s.BotToken(), AppToken: s.AppToken()})
	redactor := newRedactor(t)
	m := machineOf(t, Options{
		Handlers: handlers, Redactor: redactor, Now: clock.Now, After: clock.After,
		Services: []integrations.Service{client.Service(redactor, slack.Options{PostsPerChannelPerMinute: 60})}, Slack: client,
		CatchUp:  catchesUp,
		Identity: Identity{Team: s.TeamID(), User: s.BotUserID(), Bot: s.BotID(), Group: "S0SUPPORT"},
	})
	return town{m, s, clock}
}

func (w town) say(thread, text string) (ts string) {
	return w.slack.Post(sandbox.Post{Channel: "C1", User: "U0ALICE", ThreadTS: thread, Text: text})
}

// keeper takes every message there is, and has it stored.
func keeper() Handler {
	return Handler{
		Prefix: "test:",
		Message: func(_ *store.View, m Message, _ string) (store.Taken, error) {
			body, err := json.Marshal(m)
			return store.Taken{Events: []store.Event{{Key: m.Key(), Subject: "test:1", Kind: "message", At: m.At, Body: body}}}, err
		},
		Decide: func(_ *store.View, e store.Event) (store.Decision, error) {
			var m Message
			err := json.Unmarshal(e.Body, &m)
			row := &store.Message{Team: m.Team, Channel: m.Channel, TS: m.TS, Ticket: "1"}
			row.Thread, row.Sender, row.Person, row.At, row.Deleted = m.Thread, m.Sender, !m.Bot, m.At, m.Deleted
			return store.Decision{Records: []store.Record{row}}, err
		},
	}
}

// heard returns what the keeper took in, in order.
func (w town) heard(t *testing.T) (messages []Message) {
	t.Helper()
	for _, e := range view(t, w.Machine, func(v *store.View) ([]store.Event, error) { return v.Events("test:1") }) {
		var m Message
		if err := json.Unmarshal(e.Body, &m); err != nil {
			t.Fatal(err)
		}
		messages = append(messages, m)
	}
	return messages
}

// texts is what the keeper took in, as a person would tell it.
func (w town) texts(t *testing.T) (told []string) {
	t.Helper()
	for _, m := range w.heard(t) {
		line := m.Doc.Plain(nil)
		switch {
		case m.Deleted:
			line = "deleted " + m.TS
		case m.Edited != "":
			line = "edited: " + line
		}
		told = append(told, line)
	}
	return told
}

func (w town) readThread(t *testing.T, thread string) (ThreadRead, error) {
	t.Helper()
	body, err := json.Marshal(ReadThread{Team: w.slack.TeamID(), Channel: "C1", Thread: thread})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.kinds[ReadThreadKind].Perform(t.Context(), integrations.Call{Body: body})
	if err != nil {
		return ThreadRead{}, err
	}
	var read ThreadRead
	if err := json.Unmarshal(answer, &read); err != nil {
		t.Fatal(err)
	}
	return read, nil
}

func TestAThreadIsReadAsItIsNow(t *testing.T) {
	w := newTown(t, keeper())
	root := w.say("", "it fails")
	edited := w.say(root, "sicne when?")
	w.slack.Edit("C1", edited, "since when?")
	w.slack.Post(sandbox.Post{Channel: "C1", BotID: w.slack.BotID(), User: w.slack.BotUserID(), ThreadTS: root, Text: "our own"})
	w.slack.Post(sandbox.Post{Channel: "C1", User: "U0ALICE", ThreadTS: root, Subtype: "channel_topic", Text: "a notice"})
	w.slack.Post(sandbox.Post{Channel: "C1", BotID: "B0OTHER", ThreadTS: root, Text: "another bot"})
	w.say(root, "since noon, password: "+"Kz7-not-a-real-one")
	w.say("", "elsewhere")
	read, err := w.readThread(t, root)
	if err != nil || read != (ThreadRead{Messages: 4, Whole: true}) {
		t.Errorf("read %+v, %v", read, err)
	}
	want := []string{"it fails", "edited: since when?", "another bot", "since noon, password: ⟦withheld: password⟧"}
	if diff := cmp.Diff(want, w.texts(t)); diff != "" {
		t.Errorf("heard something else (-want +got):\n%s", diff)
	}
	for _, m := range w.heard(t) {
		if !m.Found || m.Private || m.Shared || m.Thread != root || m.Team != w.slack.TeamID() || m.Channel != "C1" {
			t.Errorf("heard %+v", m)
		}
	}
}

func TestAFoundMessageHasTheKeyThatItHadLive(t *testing.T) {
	w := newTown(t, keeper())
	var live []json.RawMessage
	root := w.say("", "it fails")
	reply := w.say(root, "sicne when?")
	w.clock.Advance(time.Second)
	w.slack.Edit("C1", reply, "since when?")
	for _, m := range w.slack.Thread("C1", root) {
		e := fmt.Sprintf(`{"type":"message","channel":"C1","channel_type":"channel","user":"U0ALICE","ts":%q,"thread_ts":%q,"text":"…"}`, m.TS, root)
		if m.Edited != nil {
			said, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			e = fmt.Sprintf(`{"type":"message","subtype":"message_changed","channel":"C1","channel_type":"channel","ts":"1.2","message":%s}`, said)
		}
		live = append(live, json.RawMessage(e))
	}
	for _, e := range live {
		payload, err := json.Marshal(map[string]any{"type": "event_callback", "team_id": w.slack.TeamID(), "event": e})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.door.event(payload); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(time.Second) // within the second of the edit it would be in doubt
	if _, err := w.readThread(t, root); err != nil {
		t.Fatal(err)
	}
	if got := w.heard(t); len(got) != 2 || got[0].Found || got[1].Found {
		t.Errorf("after hearing two versions live, a read left %+v", got)
	}
}

func TestWhereAThreadIsSaysWhetherItIsPrivate(t *testing.T) {
	for _, test := range []struct {
		name    string
		channel sandbox.Channel
		private bool
		shared  bool
	}{
		{"a public channel", sandbox.Channel{}, false, false},
		{"a private channel, whatever letter its id begins with", sandbox.Channel{Private: true}, true, false},
		{"a channel shared with another company", sandbox.Channel{ExtShared: true}, false, true},
		{"a conversation of several", sandbox.Channel{MPIM: true}, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, keeper())
			test.channel.ID, test.channel.Name, test.channel.Members = "C1", "data", []string{"U0ALICE", w.slack.BotUserID()}
			w.slack.AddChannel(test.channel)
			if _, err := w.readThread(t, w.say("", "it fails")); err != nil {
				t.Fatal(err)
			}
			if got := w.heard(t); len(got) != 1 || got[0].Private != test.private || got[0].Shared != test.shared {
				t.Errorf("heard %+v", got)
			}
		})
	}
}

func TestOfALongThreadTheBeginningIsRead(t *testing.T) {
	w := newTown(t, keeper())
	root := w.say("", "it fails")
	for n := range maxThread {
		w.say(root, fmt.Sprint(n))
	}
	read, err := w.readThread(t, root)
	if err != nil || read != (ThreadRead{Messages: maxThread, Whole: false}) {
		t.Errorf("read %+v, %v", read, err)
	}
	heard := w.texts(t)
	if len(heard) != maxThread || heard[maxThread-1] != fmt.Sprint(maxThread-2) {
		t.Errorf("heard %d, the last %q", len(heard), heard[len(heard)-1])
	}
}

// decideAll makes root a thread of the ticket of what the keeper took in, and has all of that decided.
func (w town) decideAll(t *testing.T, root string) {
	t.Helper()
	_, err := w.Store.Take(func(v *store.View) (store.Taken, error) {
		alias := store.Thread{Team: w.slack.TeamID(), Channel: "C1", TS: root, Ticket: "1", Sender: "U0ALICE", At: noon}
		known, err := v.Thread(alias.Team, alias.Channel, alias.TS)
		if known != nil || err != nil {
			return store.Taken{}, err
		}
		return store.Taken{Threads: []store.Thread{alias}}, nil
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range w.heard(t) {
		w.decide("test:1")
	}
}

func TestWhatAWholeThreadLacksWasDeleted(t *testing.T) {
	w := newTown(t, keeper())
	root := w.say("", "it fails")
	reply := w.say(root, "since noon")
	kept := w.say(root, "since eleven")
	if _, err := w.readThread(t, root); err != nil {
		t.Fatal(err)
	}
	w.decideAll(t, root)
	before := len(w.heard(t))
	w.slack.Delete("C1", reply)
	if _, err := w.readThread(t, root); err != nil {
		t.Fatal(err)
	}
	if got := w.heard(t)[before:]; len(got) != 0 {
		t.Errorf("a list may lag, but within a minute %+v was taken for deleted", got)
	}
	w.clock.Advance(showsWithin + time.Second)
	w.slack.Delete("C1", root)
	w.slack.Delete("C1", kept)
	if _, err := w.readThread(t, root); err != nil {
		t.Fatal(err)
	}
	w.decideAll(t, root)
	want := []string{"deleted " + root, "deleted " + reply, "deleted " + kept}
	if diff := cmp.Diff(want, w.texts(t)[before:]); diff != "" {
		t.Errorf("heard something else (-want +got):\n%s", diff)
	}
	after := len(w.heard(t))
	if read, err := w.readThread(t, root); err != nil || read.Messages != 0 || len(w.heard(t)) != after {
		t.Errorf("read again: %+v, %v, %v", read, err, w.texts(t)[after:])
	}
}

// Slack hides and removes what is old, without a word: only what is younger than something that it still shows was
// surely deleted by somebody.
func TestWhatSlackRemovesByAgeWasNotDeleted(t *testing.T) {
	const older, root, first, second = "older", "it fails", "since noon", "since eleven"
	for _, test := range []struct {
		name    string
		change  func(w town, ts map[string]string)
		deleted []string
		asks    int // for what is older in the channel
	}{
		{"nothing", func(town, map[string]string) {}, nil, 0},
		{"somebody deletes a reply", func(w town, ts map[string]string) { w.slack.Delete("C1", ts[first]) }, []string{first}, 0},
		{"somebody deletes the root, and something older is there", func(w town, ts map[string]string) { w.slack.Delete("C1", ts[root]) }, []string{root}, 1},
		{"somebody deletes all of it, and something older is there", func(w town, ts map[string]string) {
			for _, text := range []string{second, first, root} {
				w.slack.Delete("C1", ts[text])
			}
		}, []string{root, first, second}, 1},
		{"somebody deletes the root, but nothing older is there", func(w town, ts map[string]string) {
			w.slack.Delete("C1", ts[older])
			w.slack.Delete("C1", ts[root])
		}, nil, 1},
		{"the policy removes the root", func(w town, ts map[string]string) { w.slack.PurgeBefore("C1", at(ts[first])) }, nil, 1},
		{"the policy removes the root and a reply, somebody the other", func(w town, ts map[string]string) {
			w.say(ts[root], "news")
			w.slack.Delete("C1", ts[second])
			w.slack.PurgeBefore("C1", at(ts[second]))
		}, nil, 1}, // in doubt the text stays
		{"the policy removes the root, somebody a reply after another", func(w town, ts map[string]string) {
			w.slack.Delete("C1", ts[second])
			w.slack.PurgeBefore("C1", at(ts[first]))
		}, []string{second}, 1},
		{"the policy removes all of it", func(w town, _ map[string]string) { w.slack.PurgeBefore("C1", w.clock.Now()) }, nil, 1},
		{"the plan hides the root", func(w town, ts map[string]string) { w.slack.HideBefore(at(ts[first])) }, nil, 1},
		{"the plan hides all of it", func(w town, _ map[string]string) { w.slack.HideBefore(w.clock.Now()) }, nil, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, keeper())
			ts := map[string]string{older: w.say("", older)}
			ts[root] = w.say("", root)
			ts[first] = w.say(ts[root], first)
			ts[second] = w.say(ts[root], second)
			if _, err := w.readThread(t, ts[root]); err != nil {
				t.Fatal(err)
			}
			w.decideAll(t, ts[root])
			before, calls := len(w.heard(t)), len(w.slack.Calls())
			w.clock.Advance(keptFor + time.Second)
			test.change(w, ts)
			if _, err := w.readThread(t, ts[root]); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, text := range test.deleted {
				want = append(want, "deleted "+ts[text])
			}
			got := slices.DeleteFunc(w.texts(t)[before:], func(told string) bool { return told == "news" })
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("heard something else (-want +got):\n%s", diff)
			}
			asked := slices.DeleteFunc(w.slack.Calls()[calls:], func(c sandbox.Call) bool { return c.Method != slack.LaneHistory })
			if len(asked) != test.asks {
				t.Errorf("asked %d times", len(asked))
			}
		})
	}
}

// at is the time of a ts.
func at(ts string) time.Time {
	t, err := ParseTS(ts)
	if err != nil {
		panic(err)
	}
	return t
}

// In the channel's own list too, the tombstone of the oldest message may be Slack's own doing.
func TestTheOldestTombstonesOfAListProveNothing(t *testing.T) {
	old, young := FormatTS(noon.Add(-keptFor)), FormatTS(noon.Add(time.Second-keptFor))
	said := func(ts string) json.RawMessage { return fmt.Appendf(nil, `{"ts":%q,"text":"x"}`, ts) }
	gone := func(ts string) json.RawMessage { return fmt.Appendf(nil, `{"ts":%q,"subtype":"tombstone"}`, ts) }
	list := func(all ...json.RawMessage) []json.RawMessage { return all }
	r := &channelRead{began: noon}
	for _, test := range []struct {
		name string
		page slack.Page
		want []json.RawMessage
	}{
		{"nothing is older", slack.Page{Messages: list(gone(old), gone(old), said(old))}, list(said(old))},
		{"something is older", slack.Page{Messages: list(said(old), gone(old))}, list(said(old), gone(old))},
		{"older ones are on the next page", slack.Page{Messages: list(gone(old)), Next: "more"}, list(gone(old))},
		{"it is too young to be removed", slack.Page{Messages: list(gone(young))}, list(gone(young))},
		{"there is nothing else", slack.Page{Messages: list(gone(old))}, list()},
	} {
		if diff := cmp.Diff(test.want, r.proven(test.page), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestAFileThatAMessageHasNoMoreIsGone(t *testing.T) {
	known := []store.File{{ID: "F1"}, {ID: "F2"}, {ID: "F3", Gone: true}}
	for _, test := range []struct {
		name       string
		has, wants []store.File
	}{
		{"the first is missing", []store.File{{ID: "F2"}}, []store.File{{ID: "F1", Gone: true}, {ID: "F2"}}},
		{"the last is missing", []store.File{{ID: "F1"}}, []store.File{{ID: "F1"}, {ID: "F2", Gone: true}}},
		{"all are", nil, []store.File{{ID: "F1", Gone: true}, {ID: "F2", Gone: true}}},
		{"none is", []store.File{{ID: "F1"}, {ID: "F2"}}, []store.File{{ID: "F1"}, {ID: "F2"}}},
		{"one has a tombstone", []store.File{{ID: "F1", Gone: true}, {ID: "F2"}}, []store.File{{ID: "F1", Gone: true}, {ID: "F2"}}},
	} {
		m := Message{Files: slices.Clone(test.has)}
		m.lose(known, noon)
		if diff := cmp.Diff(test.wants, m.Files); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if noticed := m.Seen != ""; noticed != (len(test.wants) > len(test.has)) {
			t.Errorf("%s: seen at %q", test.name, m.Seen)
		}
	}
}

func TestAThreadThatCannotBeReadNow(t *testing.T) {
	for _, test := range []struct {
		name    string
		fault   func(town)
		failure integrations.Failure
	}{
		{"Slack is down", func(w town) { w.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: "conversations.replies"}) }, integrations.Unknown},
		{"Slack wants fewer calls", func(w town) {
			w.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Limited, On: "conversations.replies", Delay: 20 * time.Second})
		}, integrations.Limited},
		{"our own limit is reached", func(w town) {
			for w.spend(slack.LaneChannel) == nil {
			}
		}, integrations.Limited},
		{"the bot left the channel", func(w town) { w.slack.Leave("C1", w.slack.BotUserID()) }, integrations.Rejected},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newTown(t, keeper())
			root := w.say("", "it fails")
			test.fault(w)
			_, err := w.readThread(t, root)
			if e := integrations.AsError(err); err == nil || e.Failure != test.failure || strings.Contains(e.Code, "bug") {
				t.Errorf("failed with %v", err)
			}
		})
	}
}

// begin runs the machine until stop is called.
func (w town) begin() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended, open := make(chan error, 1), make(chan bool)
	go func() {
		ended <- w.Run(ctx, func(ctx context.Context) {
			w.connected(true)
			close(open)
			<-ctx.Done()
		})
	}()
	<-open
	return func() { cancel(); <-ended }
}

// pass lets time pass in steps, and waits for what is due after each.
func (w town) pass(t *testing.T, d time.Duration) {
	t.Helper()
	for ; d >= 0; d -= time.Second {
		if err := w.WaitIdle(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
	}
}

// again is the machine after a restart.
func (w town) again(t *testing.T) town {
	t.Helper()
	options := w.Options
	options.Metrics = NewMetrics(prometheus.NewRegistry(), w.Store)
	m, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	w.Machine = m
	return w
}

// behind is the number of channels in which something may be missing.
func (w town) behind(t *testing.T) (n int) {
	t.Helper()
	for _, c := range view(t, w.Machine, (*store.View).Channels) {
		if w.catchUp.behind(c) {
			n++
		}
	}
	return n
}

// refused counts the calls that Slack refused by a limit.
func (w town) refused() (n int) {
	for _, c := range w.slack.Calls() {
		if c.Status == 429 {
			n++
		}
	}
	return n
}

// manyChannels adds channels with a mention in each, from an hour ago, and a thread with a reply.
func (w town) manyChannels(n int) {
	for i := range n {
		id := fmt.Sprintf("C0%04d", i)
		w.slack.AddChannel(sandbox.Channel{ID: id, Name: "channel-" + id, Members: []string{"U0ALICE", w.slack.BotUserID()}})
		root := w.slack.Post(sandbox.Post{Channel: id, User: "U0ALICE", Text: "@support it fails"})
		w.slack.Post(sandbox.Post{Channel: id, User: "U0ALICE", ThreadTS: root, Text: "since noon"})
	}
	w.clock.Advance(time.Hour)
}

// On the stand-in's clock, so that the time is Slack's limits' alone.
func TestCatchUpOf500ChannelsTakesWhatSlacksTiersAllow(t *testing.T) {
	const channels = 500
	w := newTownThat(t, CatchUp{Days: 14, Since: noon.Add(-time.Minute)}, keeper())
	w.manyChannels(channels)
	defer w.begin()()
	began := w.clock.Now()
	w.pass(t, 0)
	for w.behind(t) > 0 && w.clock.Now().Sub(began) < time.Hour {
		w.pass(t, 0)
	}
	took := w.clock.Now().Sub(began)
	calls := map[string]int{}
	for _, c := range w.slack.Calls() {
		calls[c.Method]++
	}
	// Of 50 calls a minute the first 50 go at once; of threads, repliesShare.
	floor := max(time.Duration((calls[slack.LaneHistory]-1)/50), time.Duration((calls[slack.LaneReplies]-1)/repliesShare)) * time.Minute
	t.Logf("%d channels in %v; Slack's limits allow %v; calls: %v", channels, took, floor, calls)
	if took > floor+floor/50+10*time.Second {
		t.Errorf("it took %v, more than the limits want", took)
	}
	if n := w.refused(); n > 0 {
		t.Errorf("Slack refused %d calls", n)
	}
	if got := len(w.heard(t)); got != 2*channels {
		t.Errorf("%d of %d messages were found", got, 2*channels)
	}
}

func TestAStopInTheMiddleOfCatchUpLosesAndDoublesNothing(t *testing.T) {
	const channels = 120
	w := newTownThat(t, CatchUp{Days: 14, Since: noon.Add(-time.Minute)}, keeper())
	w.manyChannels(channels)
	stop := w.begin()
	w.pass(t, 30*time.Second)
	stop()
	before := len(w.heard(t))
	if before == 0 || before >= 2*channels {
		t.Fatalf("%d messages were found before the stop: it was not in the middle", before)
	}
	w = w.again(t)
	defer w.begin()()
	w.pass(t, 10*time.Minute)
	if got := len(w.heard(t)); got != 2*channels || w.behind(t) > 0 {
		t.Errorf("%d of %d messages were found, %d channels are behind", got, 2*channels, w.behind(t))
	}
}

func TestAChannelThatCannotBeReadStopsNoOther(t *testing.T) {
	for _, test := range []struct {
		name   string
		fault  sandbox.Fault
		behind int // channels, after all
	}{
		{"Slack fails for a while", sandbox.Fault{Kind: sandbox.Fail, On: "conversations.history", Times: 3, Status: 503}, 0},
		{"Slack wants fewer calls", sandbox.Fault{Kind: sandbox.Limited, On: "conversations.history", Times: 1, Delay: 30 * time.Second}, 0},
		{"an answer breaks off", sandbox.Fault{Kind: sandbox.LoseAnswer, On: "conversations.replies", Times: 2}, 0},
		{"the list of channels fails", sandbox.Fault{Kind: sandbox.Fail, On: "users.conversations", Times: 2, Status: 500}, 0},
		{"Slack refuses one", sandbox.Fault{Kind: sandbox.Fail, On: "conversations.history", Times: 1, Status: 400}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			const channels = 10
			w := newTownThat(t, CatchUp{Days: 14, Since: noon.Add(-time.Minute)}, keeper())
			w.manyChannels(channels)
			w.slack.Faults.Add(test.fault)
			defer w.begin()()
			w.pass(t, 3*time.Minute)
			if got, want := len(w.heard(t)), 2*(channels-test.behind); got != want || w.behind(t) != test.behind {
				t.Errorf("%d of %d messages were found, %d channels are behind", got, want, w.behind(t))
			}
		})
	}
}

// What is said in a thread that Slack never shows is not found; but all else in its channel is, also what is missed later.
func TestAThreadThatSlackNeverShowsHoldsNothingUp(t *testing.T) {
	w := newTownThat(t, CatchUp{Days: 14, Sweep: time.Hour, Since: noon.Add(-time.Minute)}, keeper())
	root := w.say("", "it fails")
	w.say(root, "in the thread")
	w.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: slack.LaneReplies})
	w.clock.Advance(time.Minute)
	defer w.begin()()
	w.pass(t, time.Minute)
	w.say("", "later")
	w.catchUp.maybeMissed()
	w.pass(t, 4*time.Minute)
	if diff := cmp.Diff([]string{"it fails", "later"}, w.texts(t)); diff != "" {
		t.Errorf("heard something else (-want +got):\n%s", diff)
	}
	if w.behind(t) != 1 {
		t.Error("nobody is told that something may be missing")
	}
	w.slack.Faults.Clear()
	w.pass(t, time.Hour)
	if diff := cmp.Diff([]string{"it fails", "later", "in the thread"}, w.texts(t)); diff != "" || w.behind(t) != 0 {
		t.Errorf("once Slack shows it (-want +got):\n%s", diff)
	}
}

func TestAThreadThatSlackNeverShowsIsAskedForSomeTimes(t *testing.T) {
	w := newTownThat(t, CatchUp{Days: 14, Sweep: time.Hour, Since: noon.Add(-time.Minute)}, keeper())
	w.say(w.say("", "it fails"), "in the thread")
	w.slack.Faults.Add(sandbox.Fault{Kind: sandbox.Fail, On: slack.LaneReplies})
	w.clock.Advance(time.Minute)
	defer w.begin()()
	w.pass(t, 6*time.Hour)
	if asked := w.slack.Faults.Met()[slack.LaneReplies+"/fail"]; asked < readTries || asked > 7*(readTries+1) {
		t.Errorf("within six hours it was asked for %d times", asked)
	}
}
