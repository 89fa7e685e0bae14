package store

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A table that grows for years must never be read whole: all must go on at once after a start, and no slower for
// a million closed tickets. (TicketByThread, for `explain`, is let off: a link doesn't name the workspace; and LookBack,
// which changes every channel.)
func TestNoStatementReadsAWholeTable(t *testing.T) {
	db, c, _ := openTest(t)
	take(t, db, event("1", "ticket:a"))
	decideWith(t, db, "ticket:a", Decision{
		Records:  []Record{&Ticket{ID: "a", State: TicketNew}, &Message{Team: "T", Channel: "C", TS: "1", Ticket: "a"}},
		Withdraw: []string{"other"}, Actions: []Action{plan("issue", "issue", 1, noon)}, Timer: noon.Add(time.Hour),
	})
	actions, _, err := db.Claim(Offer{Service: "github", Max: 2, Until: noon.Add(time.Minute)})
	if err != nil || len(actions) != 1 {
		t.Fatal(actions, err)
	}
	actions[0].State, actions[0].Answer = Done, true
	failed := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err = db.Finish(actions[0], nil)
	failed(err)
	failed(db.VoidLeases("github", time.Second))
	_, err = db.Starts("github", noon)
	failed(err)
	_, err = db.Undecided()
	failed(err)
	c.set(noon.Add(2 * time.Hour))
	_, _, err = db.Due(c.Now())
	failed(err)
	_, err = db.Ring("ticket:a", nil)
	failed(err)
	id, err := db.Ask(PauseService, "github")
	failed(err)
	_, _, err = db.Serve(Request{ID: id}, func(o *Operation) (string, error) {
		_, _ = o.Pause("github")
		_, _ = o.Resume("github")
		_, _ = o.Retry(1)
		_, _ = o.Drop(1)
		_, err := o.Parked()
		return "", err
	})
	failed(err)
	failed(db.ListChannels("channel", []Channel{{ID: "C", Team: "T", Kind: "channel"}}, noon))
	failed(db.LeaveChannel("C"))
	failed(db.CloseChannel("C", "group"))
	failed(db.FinishRead("C", "1", noon))
	failed(db.MoveChannel("T", "C", "D"))
	failed(db.View(func(v *View) error {
		_, _ = v.Request(id)
		_, _ = v.Requests()
		_, _ = v.Ref("ticket:a", "issue")
		_, _ = v.Paused()
		_, _ = v.Channel("C")
		_, _ = v.Channels()
		_, _ = v.LastListing()
		_, _ = v.FirstStart()
		_, _ = v.OpenThreads("T", "C")
		_, _ = v.Ticket("a")
		_, _ = v.TicketByIssue(1)
		_, _ = v.Thread("T", "C", "1")
		_, _, _ = v.ThreadsOf("U", noon, noon)
		_, _ = v.Messages("a")
		_, _ = v.TicketOfMessage("T", "C", "1")
		_, _ = v.InSlot("ticket:a", "issue")
		_, _ = v.Events("ticket:a")
		_, _ = v.Actions("ticket:a")
		_, _, _ = v.Latest(10)
		_, err := v.Load()
		return err
	}))
	checked := 0
	check := func(c *connection) {
		for query := range c.prepared {
			checked++
			for _, step := range planOf(t, c, query) {
				if strings.HasPrefix(step, "SCAN") && !allowedScan(step) {
					t.Errorf("%s\nof %s", step, query)
				}
			}
		}
	}
	check(db.writer)
	for range cap(db.readers) {
		reader := <-db.readers
		check(reader)
		defer func() { db.readers <- reader }()
	}
	if checked < 30 {
		t.Errorf("only %d statements were looked at", checked)
	}
}

// allowedScan says whether a step that reads everything reads little: a partial index of what is open or of where the
// bot is, the first row, or values that were handed over.
func allowedScan(step string) bool {
	for _, little := range []string{
		"SCAN pauses", "requests_open", "events_new", "events_parked", "actions_open", "channels_member", "tickets_open",
		"SCAN boots", "json_each", "CONSTANT ROW",
	} {
		if strings.Contains(step, little) {
			return true
		}
	}
	return false
}

func planOf(t *testing.T, c *connection, query string) (steps []string) {
	t.Helper()
	if verb, _, _ := strings.Cut(query, " "); verb == "BEGIN" || verb == "COMMIT" || verb == "ROLLBACK" || verb == "SAVEPOINT" || verb == "RELEASE" {
		return nil
	}
	// The planner may use a partial index only for constants that it sees, so parameters stay parameters.
	arguments := make([]any, strings.Count(query, "?"))
	for n := 1; strings.Contains(query, fmt.Sprint("?", n)); n++ {
		arguments = arguments[:n]
	}
	rows, err := c.QueryContext(background, "EXPLAIN QUERY PLAN "+query, arguments...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused sql.RawBytes
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}
