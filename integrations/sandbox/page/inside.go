package page

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/integrations/sandbox"
)

// statusModel is what the head of the page says of the clock and the faults.
type statusModel struct {
	*place
	Now    string
	Paused bool
	Faults int
}

func (p *Page) status(at *place) statusModel {
	s := statusModel{place: at, Now: at.today.Format("2006-01-02 15:04"), Paused: p.Clock.Paused()}
	for _, l := range p.switches.all() {
		if l.On {
			s.Faults++
		}
	}
	return s
}

// controlsModel is the clock and the faults.
type controlsModel struct {
	*place
	Paused bool
	GitHub []leverModel
	Slack  []leverModel
}

// A leverModel is one switch.
type leverModel struct {
	*place
	Lever leverState
}

// Leaps are the names of the leaps.
func (controlsModel) Leaps() (names []string) {
	for _, l := range leaps {
		names = append(names, l.name)
	}
	return names
}

func (p *Page) controls(at *place) controlsModel {
	m := controlsModel{place: at, Paused: p.Clock.Paused()}
	for _, l := range p.switches.all() {
		if l.Service == "github" {
			m.GitHub = append(m.GitHub, leverModel{at, l})
		} else {
			m.Slack = append(m.Slack, leverModel{at, l})
		}
	}
	return m
}

// leaps are how far the clock can be moved on.
var leaps = [...]struct {
	name string
	far  time.Duration
}{{"minute", time.Minute}, {"hour", time.Hour}, {"day", 24 * time.Hour}, {"week", 7 * 24 * time.Hour}}

func (p *Page) moveClock(at *place, form form) error {
	op := form.Get("op")
	switch op {
	case "pause":
		p.Clock.Pause()
		return nil
	case "resume":
		p.Clock.Resume()
		return nil
	}
	for _, l := range leaps {
		if l.name == op {
			p.Clock.Advance(l.far)
			return nil
		}
	}
	return said(at.T("no_leap"))
}

func (p *Page) setFault(at *place, form form) error {
	if !p.switches.toggle(form.Get("service"), form.Get("fault")) {
		return said(at.T("no_fault"))
	}
	return nil
}

// flowModel is what went on inside, the newest first.
type flowModel struct {
	*place
	Lines []line
}

// A line is one thing that went on.
type line struct {
	ID     string
	Kind   string // "envelope", "event", "action", "call"
	Where  string // the service or the subject
	Name   string
	State  string
	Good   string // "good", "bad" or "open": how the state is to be seen
	When   string
	Detail string

	at time.Time
}

// maxLines is how many are shown of each kind, and in all.
const maxLines = 150

func (p *Page) flow(at *place) (flowModel, error) {
	lines := slices.Concat(p.envelopes(), p.slackCalls(), at.hits("Slack", p.Slack.Faults), p.githubCalls(), at.hits("GitHub", &p.GitHub.Faults))
	if p.History != nil {
		rows, err := p.History()
		if err != nil {
			return flowModel{}, err
		}
		for _, r := range rows {
			lines = append(lines, line{
				ID: r.ID, Kind: r.Kind, Where: r.Subject, Name: r.Name, State: r.State, Good: judge(r.State), Detail: indent(json.RawMessage(r.Detail)), at: r.At,
			})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return b.at.Compare(a.at) })
	lines = lines[:min(len(lines), maxLines)]
	for i := range lines {
		lines[i].When = lines[i].at.In(at.zone).Format("15:04:05.000")
	}
	return flowModel{at, lines}, nil
}

// judge says how a state is to be seen.
func judge(state string) string {
	word, _, _ := strings.Cut(state, ":")
	switch word {
	case "done", "decided", "observed", "acknowledged", "ok":
		return "good"
	case "failed", "parked":
		return "bad"
	}
	return "open"
}

// newest are the last of a list, with the number of the first of them.
func newest[T any](list []T) (first int, last []T) {
	first = max(0, len(list)-maxLines)
	return first, list[first:]
}

func (p *Page) envelopes() (lines []line) {
	first, list := newest(p.Slack.Envelopes())
	for n, e := range list {
		l := line{
			ID: "envelope-" + strconv.Itoa(first+n), Kind: "envelope", Where: "Slack", Name: envelopeName(e), State: "sent", Good: "open",
			Detail: indent(e.Payload), at: e.At,
		}
		switch {
		case e.Err != nil:
			l.State, l.Good = e.Err.Error(), "bad"
		case !e.AckedAt.IsZero():
			l.State, l.Good = fmt.Sprintf("ack %d ms", e.AckedAt.Sub(e.At).Milliseconds()), "good"
		}
		lines = append(lines, l)
	}
	return lines
}

// envelopeName is what is in an envelope.
func envelopeName(e sandbox.Envelope) string {
	var payload struct {
		Type    string
		Command string
		Event   struct{ Type, Subtype string }
	}
	_ = json.Unmarshal(e.Payload, &payload) // of the stand-in's own making
	name := cmp.Or(payload.Event.Type, payload.Command, payload.Type)
	if payload.Event.Subtype != "" {
		name += "." + payload.Event.Subtype
	}
	if e.Attempt > 0 {
		name += fmt.Sprintf(" (retry %d)", e.Attempt)
	}
	return name
}

func (p *Page) slackCalls() (lines []line) {
	first, list := newest(p.Slack.Calls())
	for n, c := range list {
		var said struct {
			OK    bool
			Error string
		}
		_ = json.Unmarshal(c.Answer, &said) // of the stand-in's own making
		l := line{ID: "slack-" + strconv.Itoa(first+n), Kind: "call", Where: "Slack", Name: c.Method, State: "ok", Good: "good", at: c.At}
		if !said.OK {
			l.State, l.Good = said.Error, "bad"
		}
		l.Detail = detail(map[string]any{"arguments": readable(c.Args), "answer": c.Answer})
		lines = append(lines, l)
	}
	return lines
}

// readable is the arguments of a call with their JSON as such.
func readable(args map[string]string) map[string]any {
	shown := map[string]any{}
	for name, value := range args {
		shown[name] = value
		if strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{") {
			if json.Valid([]byte(value)) {
				shown[name] = json.RawMessage(value)
			}
		}
	}
	return shown
}

func detail(v any) string {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// hits are the calls that met a fault.
func (at *place) hits(service string, faults *sandbox.Faults) (lines []line) {
	first, list := newest(faults.Hits())
	for n, h := range list {
		l := line{
			ID: "hit-" + service + strconv.Itoa(first+n), Kind: "call", Where: service, Name: h.Operation, State: at.met(h), Good: "bad",
			Detail: h.Request, at: h.At,
		}
		lines = append(lines, l)
	}
	return lines
}

// met is what came of a call that met a fault.
func (at *place) met(h sandbox.Hit) string {
	switch h.Kind {
	case sandbox.Fail, sandbox.Limited:
		return strconv.Itoa(h.Status)
	case sandbox.Hang:
		return at.T("met_slow")
	case sandbox.LoseAnswer:
		return at.T("met_lost")
	case sandbox.LandLate:
		return at.T("met_late")
	}
	return at.T("met_refused")
}

// githubCalls are the calls that were answered, if only with an answer that got lost: hits tell of others.
func (p *Page) githubCalls() (lines []line) {
	first, list := newest(p.GitHub.Calls())
	for n, c := range list {
		if c.Status == 0 {
			continue
		}
		l := line{
			ID: "github-" + strconv.Itoa(first+n), Kind: "call", Where: "GitHub", Name: c.Operation, State: strconv.Itoa(c.Status), Good: "good",
			Detail: c.Method + " " + c.Path, at: c.At,
		}
		if c.Status >= 400 {
			l.Good = "bad"
		}
		lines = append(lines, l)
	}
	return lines
}
