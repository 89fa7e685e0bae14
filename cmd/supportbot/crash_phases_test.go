package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/integrations/sandbox"
)

// A phase is a state in which a kill can find a mention on its way. It is read from the dead bot's database, and
// where that can't know, from the stand-ins.
type phase string

// The phases of taking in, creating and replying.
const (
	notStored      phase = "taking in: not stored"
	storedUnacked  phase = "taking in: stored, not acknowledged"
	ackedUndecided phase = "taking in: acknowledged, not decided"
	clickAcked     phase = "taking in: a click acknowledged"
	readPlanned    phase = "names: read planned"
	reading        phase = "names: being read"
	namesUndecided phase = "names: read, not decided"

	threadReading   phase = "thread: being read"
	threadPart      phase = "thread: read in part"
	threadUndecided phase = "thread: read, not decided"
	foundPart       phase = "catch-up: found in part"

	issuePlanned   phase = "issue: planned"
	issueDoing     phase = "issue: being created, not there"
	issueThere     phase = "issue: created, answer not stored"
	issueUndecided phase = "issue: answer stored, not decided"

	replyPlanned phase = "reply: planned"
	replyDoing   phase = "reply: being posted, not there"
	replyThere   phase = "reply: posted, answer not stored"
	updateDoing  phase = "reply: being updated"

	commentPlanned   phase = "comment: planned"
	commentDoing     phase = "comment: being created, not there"
	commentThere     phase = "comment: created, answer not stored"
	commentUndecided phase = "comment: answer stored, not decided"

	editPlanned phase = "edit: planned"
	editDoing   phase = "edit: being made"
)

var phases = []phase{
	notStored, storedUnacked, ackedUndecided, clickAcked, readPlanned, reading, namesUndecided,
	threadReading, threadPart, threadUndecided, foundPart,
	issuePlanned, issueDoing, issueThere, issueUndecided,
	replyPlanned, replyDoing, replyThere, updateDoing,
	commentPlanned, commentDoing, commentThere, commentUndecided,
	editPlanned, editDoing,
}

// An aim is a way to choose the moment of a kill.
type aim struct {
	name  string
	phase phase // that it is meant to hit; empty if any
	// kill lets people act and kills the bot. It returns false if the moment did not come.
	kill func(*campaign) bool
}

var aims = []aim{
	{name: "at random, under load", kill: killAtRandom},
	{name: "after the write, before the answer: create issue", phase: issueThere, kill: afterWrite("create issue")},
	{name: "before the write: create comment", phase: commentDoing, kill: beforeWrite("create comment")},
	{name: "before the write: create issue", phase: issueDoing, kill: beforeWrite("create issue")},
	{name: "before the write: chat.postMessage", phase: replyDoing, kill: beforeWrite("chat.postMessage")},
	{name: "after the answer: create issue", phase: issueUndecided, kill: afterAnswer("create issue")},
	{name: "after the write, before the answer: chat.postMessage", phase: replyThere, kill: afterWrite("chat.postMessage")},
	{name: "after the acknowledgement", phase: ackedUndecided, kill: afterAck},
	{name: "after the acknowledgement of a click", phase: clickAcked, kill: afterClick},
	{name: "after the write, before the answer: create comment", phase: commentThere, kill: afterWrite("create comment")},
	{name: "after the answer: chat.postMessage", kill: afterAnswer("chat.postMessage")},
	{name: "after the write, before the answer: edit issue", phase: editDoing, kill: afterWrite("edit issue")},
	{name: "after the write, before the answer: chat.update", phase: updateDoing, kill: afterWrite("chat.update")},
	{name: "after the write, before the answer: users.info", phase: reading, kill: afterWrite("users.info")},
	{name: "once it was stored", phase: storedUnacked, kill: onceStored},
	{name: "at random, under load", kill: killAtRandom},

	{name: "in a thread read, before the answer", phase: threadReading, kill: inThreadRead},
	{name: "in catch-up, before the answer", kill: inCatchUp},
	{name: "at random, just after the mention", phase: notStored, kill: atOnce},
	{name: "after the answer: create comment", phase: commentUndecided, kill: afterAnswer("create comment")},
	{name: "after the answer: edit issue", kill: afterAnswer("edit issue")},
	{name: "after the answer: chat.update", kill: afterAnswer("chat.update")},
	{name: "after the answer: users.info", phase: namesUndecided, kill: afterAnswer("users.info")},
	{name: "in a look-up for an issue", phase: issueThere, kill: inLookUp("create issue", "list issues")},
	{name: "in a look-up for a comment", phase: commentThere, kill: inLookUp("create comment", "list comments")},
	{name: "in a look-up for a reply", phase: replyThere, kill: inLookUp("chat.postMessage", "conversations.replies")},
	inOutage(readPlanned, "slack", "chat.postMessage"), inHistory(namesUndecided, "slack.read_person"),
	inOutage(issuePlanned, "github", "create issue"), onceSeen(issueDoing), inHistory(issueUndecided, "github.create_issue"),
	onceSeen(replyPlanned), onceSeen(replyDoing), onceSeen(commentPlanned), onceSeen(commentDoing), inHistory(commentUndecided, "github.create_comment"),
	onceSeen(editPlanned),
	{name: "in a thread read, in part", phase: threadPart, kill: inLongThread(threadPart)},
	{name: "after a thread read", phase: threadUndecided, kill: inLongThread(threadUndecided)},
	{name: "in catch-up, in part", phase: foundPart, kill: inPartOfCatchUp},
	{name: "while it starts", kill: whileStarting},
}

// patienceOfAims is how long the moment of a kill is waited for.
const patienceOfAims = 3 * time.Second

// load lets people do enough that all phases are on the way somewhere.
func (c *campaign) load() {
	c.crowd.ask()
	for range 2 {
		c.crowd.flood()
	}
	if r := c.crowd.one(mentioned); r != nil {
		c.crowd.edit(r, true)
	}
	for _, r := range c.crowd.asked {
		if !r.clicked && mentioned(r) && c.crowd.click(r) {
			break
		}
	}
	for range 3 {
		c.crowd.act()
	}
}

func killAtRandom(c *campaign) bool {
	end := time.After(time.Duration(c.crowd.dice.Int64N(int64(400 * time.Millisecond))))
	c.load()
	<-end
	c.kill()
	return true
}

// afterWrite kills when a stand-in has done what it was asked, but not answered.
func afterWrite(operation string) func(*campaign) bool {
	return func(c *campaign) bool {
		return c.watch(operation, unanswered)
	}
}

// inLookUp kills after a write, and the next bot when it looks for what was written.
func inLookUp(write, list string) func(*campaign) bool {
	return func(c *campaign) bool {
		if !afterWrite(write)(c) {
			return false
		}
		c.start()
		return afterWrite(list)(c)
	}
}

// afterAnswer kills when a stand-in has answered, before the bot can have done much about it.
func afterAnswer(operation string) func(*campaign) bool {
	return func(c *campaign) bool {
		return c.watch(operation, func(f *sandbox.Fault, kill func()) { f.Answered = kill })
	}
}

// beforeWrite kills when a stand-in was asked for something and has not done it.
func beforeWrite(operation string) func(*campaign) bool {
	return func(c *campaign) bool {
		faults := c.faults(operation)
		refused := operation + "/" + string(sandbox.Refuse)
		before := faults.Met()[refused]
		faults.Add(sandbox.Fault{Kind: sandbox.Refuse, On: operation, Times: 1})
		c.load()
		return c.killOnce(func() bool { return faults.Met()[refused] > before })
	}
}

// faults are those of the service that has an operation.
func (c *campaign) faults(operation string) *sandbox.Faults {
	if strings.Contains(operation, " ") {
		return &c.github.Faults
	}
	return c.slack.Faults
}

func (c *campaign) watch(operation string, at func(f *sandbox.Fault, kill func())) bool {
	bot := c.bot
	return c.watchWhile(operation, func() *process { return bot }, at, c.load)
}

// watchWhile has a bot killed at a moment of an operation, in the course of what act does.
func (c *campaign) watchWhile(operation string, bot func() *process, at func(f *sandbox.Fault, kill func()), act func()) bool {
	killed := make(chan struct{})
	f := sandbox.Fault{Kind: sandbox.Watch, On: operation, Times: 1}
	at(&f, func() {
		bot := bot()
		_ = bot.cmd.Process.Kill() // it may be dead already
		<-bot.dead
		close(killed)
	})
	c.faults(operation).Add(f)
	act()
	return happens(killed)
}

// unanswered is a moment of an operation: it is done, but not answered.
func unanswered(f *sandbox.Fault, kill func()) { f.Wrote = kill }

// rush is how many mentions come at once where the moment between storing, acknowledging and deciding is looked
// for, which is short.
const rush = 12

// atOnce kills while mentions are on their way into the database.
func atOnce(c *campaign) bool {
	end := time.After(time.Duration(c.crowd.dice.Int64N(int64(4 * time.Millisecond))))
	for range rush {
		c.crowd.ask()
	}
	<-end
	c.kill()
	return true
}

// onceStored kills as soon as any of several mentions is in the database.
func onceStored(c *campaign) bool {
	db := c.open()
	defer db.Close()
	before := c.count(db, "SELECT count(*) FROM events")
	for range rush {
		c.crowd.ask()
	}
	return c.killOnce(func() bool { return c.count(db, "SELECT count(*) FROM events") > before })
}

// killOnce kills when something is so. It returns false if it never is.
func (c *campaign) killOnce(so func() bool) bool {
	if !eventually(so) {
		return false
	}
	c.kill()
	return true
}

// eventually says whether something is so before the patience is over.
func eventually(so func() bool) bool {
	for end := time.Now().Add(patienceOfAims); time.Now().Before(end); {
		if so() {
			return true
		}
	}
	return false
}

func happens(what <-chan struct{}) bool {
	select {
	case <-what:
		return true
	case <-time.After(patienceOfAims):
		return false
	}
}

// onceSeen kills as soon as the living bot's database shows a phase.
func onceSeen(s phase) aim {
	return aim{name: "once seen: " + string(s), phase: s, kill: func(c *campaign) bool {
		db := c.open()
		defer db.Close()
		c.load()
		return c.killOnce(func() bool { return c.seen(db)[s] })
	}}
}

// inOutage kills as soon as a phase shows while a service does not do an operation: as long as it is up, what is planned for
// it is begun in the same transaction.
func inOutage(s phase, service, operation string) aim {
	return aim{name: "in an outage of " + service + ": " + string(s), phase: s, kill: func(c *campaign) bool {
		db := c.open()
		defer db.Close()
		c.faults(operation).Add(sandbox.Fault{Kind: sandbox.Fail, On: operation})
		for range rush {
			c.crowd.ask()
		}
		down := fmt.Sprintf("SELECT count(*) FROM alarms WHERE what = '%s-down' AND cleared_at = 0", service)
		if !eventually(func() bool { return c.count(db, down) > 0 }) {
			return false
		}
		for range rush {
			c.crowd.ask()
		}
		return c.killOnce(func() bool { return c.seen(db)[s] })
	}}
}

// longThreads is how many long threads there are at once where a moment is looked for that is short.
const longThreads = 6

// inHistory kills as soon as the answer to an action of a kind waits to be decided, of a ticket with a long history: what
// happens to others is decided at once.
func inHistory(s phase, kind string) aim {
	waits := "SELECT count(*) FROM events WHERE state = 'new' AND kind = 'answered' AND json_extract(body, '$.kind') = '" + kind + "'"
	return aim{name: "in a long history: " + string(s), phase: s, kill: func(c *campaign) bool {
		db := c.open()
		defer db.Close()
		before := len(c.crowd.asked)
		for range longThreads {
			c.crowd.interject(manyAnswers)
		}
		if s == commentUndecided {
			answered := func(r *request) bool { return len(c.crowd.replies(r)) > 0 }
			if !eventually(func() bool { return answered(c.crowd.asked[before]) }) {
				return false
			}
			for _, r := range c.crowd.asked[before:] {
				c.crowd.insist(r)
			}
		}
		return c.killOnce(func() bool { return c.count(db, waits) > 0 })
	}}
}

// whileStarting kills a bot that has just begun to go on with what the last one left.
func whileStarting(c *campaign) bool {
	c.load()
	c.kill()
	c.spawn()
	<-time.After(time.Duration(c.crowd.dice.Int64N(int64(300 * time.Millisecond))))
	c.kill()
	return true
}

// inThreadRead kills when Slack has the question for a thread.
func inThreadRead(c *campaign) bool {
	bot := c.bot
	return c.watchWhile("conversations.replies", func() *process { return bot }, unanswered, func() { c.crowd.interject(2) })
}

// manyAnswers take long enough to store that a kill can come in between.
const manyAnswers = 60

// inLongThread kills in a phase of the read of a long thread.
func inLongThread(s phase) func(*campaign) bool {
	return func(c *campaign) bool {
		db := c.open()
		defer db.Close()
		c.crowd.interject(manyAnswers)
		return c.killOnce(func() bool { return c.seen(db)[s] })
	}
}

// whisperedAway has people ask, while the bot is dead, what Slack then tells it nothing of: it must be found.
func (c *campaign) whisperedAway() {
	c.kill()
	c.slack.HoldNext(1 << 20)
	for range rush {
		c.unheard = append(c.unheard, c.crowd.ask().ts)
	}
	c.crowd.interject(2)
	c.slack.HoldNext(0)
}

// inCatchUp kills the next bot when Slack has its question for what it missed.
func inCatchUp(c *campaign) bool {
	c.whisperedAway()
	born := make(chan *process, 1)
	return c.watchWhile("conversations.history", func() *process { return <-born }, unanswered, func() {
		c.spawn()
		born <- c.bot
	})
}

// inPartOfCatchUp kills the next bot when it has found some of what it missed.
func inPartOfCatchUp(c *campaign) bool {
	c.whisperedAway()
	c.spawn()
	db := c.open()
	defer db.Close()
	return c.killOnce(func() bool { return c.foundInPart(db) })
}

// foundInPart says whether some of what Slack told nobody was found, and some was not.
func (c *campaign) foundInPart(db *sql.DB) bool {
	found := 0
	for _, ts := range c.unheard {
		found += c.taken(db, helpChannel, ts)
	}
	return found > 0 && found < len(c.unheard)
}

// taken is how often a message was taken in, as it was first said.
func (c *campaign) taken(db *sql.DB, channel, ts string) int {
	return c.count(db, fmt.Sprintf("SELECT count(*) FROM events WHERE key = 'msg:%s:%s:%s'", c.slack.TeamID(), channel, ts))
}

// open opens the bot's database to look at.
func (c *theatre) open() *sql.DB {
	db, err := sql.Open("sqlite", "file:"+c.settings.Store.Path+"?mode=ro&_pragma=busy_timeout(5000)")
	if err != nil {
		c.t.Fatal(err)
	}
	return db
}

// inHand returns the kinds of the actions whose outcome a dead bot did not learn.
func (c *theatre) inHand() (kinds []string) {
	db := c.open()
	defer db.Close()
	c.rows(db, "SELECT kind FROM actions WHERE state = 'doing'", func(scan func(...any) error) error {
		var kind string
		err := scan(&kind)
		kinds = append(kinds, kind)
		return err
	})
	return kinds
}

func (c *theatre) rows(db *sql.DB, query string, each func(scan func(...any) error) error) {
	c.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		c.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			c.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		c.t.Fatal(err)
	}
}

// autopsy says which phases a kill hit.
func (c *campaign) autopsy() (hit []phase) {
	db := c.open()
	defer db.Close()
	found := c.seen(db)
	maps.Copy(found, c.takingIn(db))
	found[foundPart] = c.foundInPart(db)
	c.unheard = nil
	for _, s := range phases {
		if found[s] {
			hit = append(hit, s)
		}
	}
	return hit
}

// takingIn says how far the mentions of this life came.
func (c *campaign) takingIn(db *sql.DB) map[phase]bool {
	state := map[string]string{} // by key
	c.rows(db, "SELECT key, state FROM events", func(scan func(...any) error) error {
		var key, is string
		err := scan(&key, &is)
		state[key] = is
		return err
	})
	found := map[phase]bool{clickAcked: c.redeem(state) > 0}
	for _, r := range c.crowd.asked[c.before:] {
		if !r.mention {
			continue
		}
		key := "msg:" + c.slack.TeamID() + ":" + r.channel + ":" + r.ts
		acked := c.acks.has(key)
		switch {
		case !acked && state[key] == "":
			found[notStored] = true
		case !acked:
			found[storedUnacked] = true
		case state[key] == "new":
			found[ackedUndecided] = true
		}
	}
	return found
}

// count returns the number that query asks for.
func (c *theatre) count(db *sql.DB, query string) (n int) {
	if err := db.QueryRow(query).Scan(&n); err != nil {
		c.t.Fatal(err)
	}
	return n
}

// seen returns the phases that a database shows, those of the acknowledgement aside.
func (c *campaign) seen(db *sql.DB) map[phase]bool {
	found := map[phase]bool{}
	c.rows(db, "SELECT coalesce(json_extract(body, '$.kind'), '') FROM events WHERE state = 'new' AND kind = 'answered'",
		func(scan func(...any) error) error {
			var kind string
			err := scan(&kind)
			switch {
			case kind == "github.create_issue":
				found[issueUndecided] = true
			case kind == "github.create_comment":
				found[commentUndecided] = true
			case kind == bot.ReadThreadKind:
				found[threadUndecided] = true
			case strings.HasPrefix(kind, "slack.read_"):
				found[namesUndecided] = true
			}
			return err
		})
	c.rows(db, `SELECT a.kind, a.state = 'doing', a.body, EXISTS (SELECT 1 FROM slots s WHERE s.subject = a.subject AND s.slot = a.slot)
		FROM actions a WHERE a.state IN ('planned', 'doing') AND a.subject LIKE 'ticket:%'`,
		func(scan func(...any) error) error {
			var kind, body string
			var doing, posted bool
			err := scan(&kind, &doing, &body, &posted)
			found[c.phaseOf(kind, doing, posted, body)] = true
			return err
		})
	return found
}

// phaseOf says which phase an open action is in.
func (c *campaign) phaseOf(kind string, doing, posted bool, body string) phase {
	var about struct {
		Thread, Message, Channel string
		ThreadTS                 string `json:"thread_ts"`
	}
	if err := json.Unmarshal([]byte(body), &about); err != nil {
		c.t.Fatal(err)
	}
	there := func(planned, doingIt, done phase, isThere func() bool) phase {
		switch {
		case !doing:
			return planned
		case isThere():
			return done
		}
		return doingIt
	}
	switch {
	case kind == bot.ReadThreadKind:
		return there("", threadReading, threadPart, func() bool { return c.readInPart(about.Channel, about.Thread) })
	case strings.HasPrefix(kind, "slack.read_"):
		return there(readPlanned, reading, "", func() bool { return false })
	case kind == "github.create_issue":
		return there(issuePlanned, issueDoing, issueThere, func() bool { return c.hasText("thread=" + about.Thread + " ") })
	case kind == "github.create_comment":
		return there(commentPlanned, commentDoing, commentThere, func() bool { return c.hasText("message=" + about.Message + " ") })
	case kind == "slack.show" && posted:
		return there("", updateDoing, "", func() bool { return false })
	case kind == "slack.show":
		return there(replyPlanned, replyDoing, replyThere, func() bool {
			return len(c.crowd.replies(&request{channel: about.Channel, ts: about.ThreadTS})) > 0
		})
	case kind == "github.edit_issue" || kind == "github.edit_comment":
		return there(editPlanned, editDoing, "", func() bool { return false })
	}
	return ""
}

// readInPart says whether some answers of a thread from before its mention are known.
func (c *campaign) readInPart(channel, thread string) bool {
	db := c.open()
	defer db.Close()
	for _, r := range c.crowd.asked {
		if r.channel != channel || r.ts != thread {
			continue
		}
		for _, e := range r.early {
			if c.taken(db, channel, e.ts) > 0 {
				return true
			}
		}
	}
	return false
}

// hasText says whether an issue or comment holds part of a marker.
func (c *campaign) hasText(part string) bool {
	for _, i := range c.github.Issues() {
		if strings.Contains(i.Body, part) {
			return true
		}
		for _, m := range i.Comments {
			if strings.Contains(m.Body, part) {
				return true
			}
		}
	}
	return false
}
