package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of texts, in characters. The one of bodies is known from GitHub's own answer, those of titles and
// labels likewise.
const (
	maxBody  = 65536
	maxTitle = 256
	maxLabel = 50
)

// labelNames are given as strings or as objects with a name.
type labelNames []string

func (l *labelNames) UnmarshalJSON(b []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(b, &items); err != nil {
		return err
	}
	for _, item := range items {
		var named struct{ Name string }
		if json.Unmarshal(item, &named) == nil {
			*l = append(*l, named.Name)
			continue
		}
		var name string
		if err := json.Unmarshal(item, &name); err != nil {
			return err
		}
		*l = append(*l, name)
	}
	return nil
}

func (l labelNames) problems() []fieldError {
	var errs []fieldError
	for _, name := range l {
		switch {
		case strings.TrimSpace(name) == "":
			errs = append(errs, fieldError{Resource: "Label", Field: "name", Code: "missing_field"})
		case utf8.RuneCountInString(name) > maxLabel:
			errs = append(errs, fieldError{Resource: "Label", Field: "name", Code: "custom", Message: tooLong("name", maxLabel), Value: name})
		}
	}
	return errs
}

func tooLong(field string, limit int) string {
	return field + " is too long (maximum is " + strconv.Itoa(limit) + " characters)"
}

// An issueRequest is what creates or changes an issue. What isn't given stays as it is.
type issueRequest struct {
	Title       *string         `json:"title"`
	Body        json.RawMessage `json:"body"` // a string or null
	Labels      *labelNames     `json:"labels"`
	State       *string         `json:"state"`
	StateReason *string         `json:"state_reason"`

	body string
}

// read decodes an issueRequest on top of a title and body, and checks it.
func (q *issueRequest) read(r *githubRequest, title, body string) (githubAnswer, bool) {
	if a, failed := r.decode(q); failed {
		return a, true
	}
	q.body = body
	if len(q.Body) > 0 {
		q.body = ""
		if json.Unmarshal(q.Body, &q.body) != nil {
			return r.refuse(http.StatusUnprocessableEntity, "Invalid request.\n\nFor 'properties/body', the value is not a string."), true
		}
	}
	if q.Title == nil {
		q.Title = &title
	}
	if errs := q.problems(); len(errs) > 0 {
		return r.invalid(errs...), true
	}
	return githubAnswer{}, false
}

func (q *issueRequest) problems() []fieldError {
	var errs []fieldError
	wrong := func(field, code, message, value string) {
		errs = append(errs, fieldError{Resource: "Issue", Field: field, Code: code, Message: message, Value: value})
	}
	if strings.TrimSpace(*q.Title) == "" {
		wrong("title", "missing_field", "", "")
	}
	if utf8.RuneCountInString(*q.Title) > maxTitle {
		wrong("title", "custom", tooLong("title", maxTitle), "")
	}
	if utf8.RuneCountInString(q.body) > maxBody {
		wrong("body", "custom", tooLong("body", maxBody), "")
	}
	if q.State != nil && !slices.Contains([]string{"open", "closed"}, *q.State) {
		wrong("state", "invalid", "", *q.State)
	}
	if q.StateReason != nil && !slices.Contains([]string{"completed", "not_planned", "duplicate", "reopened"}, *q.StateReason) {
		wrong("state_reason", "invalid", "", *q.StateReason)
	}
	if q.Labels != nil {
		errs = append(errs, q.Labels.problems()...)
	}
	return errs
}

func (g *GitHub) createIssue(r *githubRequest) githubAnswer {
	var q issueRequest
	if a, failed := q.read(r, "", ""); failed {
		return a
	}
	var labels []string
	if q.Labels != nil && g.repo.CanPush {
		labels = *q.Labels
	}
	i := g.openIssue(r.who, *q.Title, q.body, labels, false)
	g.tellIssue(r, i)
	wire := g.wireIssue(r.base, i.now())
	return r.created(wire, wire.URL)
}

// tellIssue calls the hook for new issues once the lock is released.
func (g *GitHub) tellIssue(r *githubRequest, i *issue) {
	if hook := g.onIssue; hook != nil {
		v := *i.now()
		r.after = append(r.after, func() { hook(v) })
	}
}

// issueOf returns the issue that r names, or the answer that there is none.
func (g *GitHub) issueOf(r *githubRequest) (*issue, githubAnswer, bool) {
	i := g.issueNumbered(r.number())
	switch {
	case i == nil:
		return nil, r.notFound(), false
	case i.now().Deleted:
		return nil, r.refuse(http.StatusGone, "This issue was deleted"), false
	}
	return i, githubAnswer{}, true
}

func (g *GitHub) getIssue(r *githubRequest) githubAnswer {
	i, a, found := g.issueOf(r)
	if !found {
		return a
	}
	return r.ok(g.wireIssue(r.base, i.now()))
}

func (g *GitHub) editIssue(r *githubRequest) githubAnswer {
	i, a, found := g.issueOf(r)
	if !found {
		return a
	}
	if !g.mayEdit(r.who, i.now().Author) {
		return r.refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	var q issueRequest
	if a, failed := q.read(r, i.now().Title, i.now().Body); failed {
		return a
	}
	g.setText(i, r.who, *q.Title, q.body)
	if q.State != nil {
		g.setState(i, r.who, *q.State, reasonFor(*q.State, q.StateReason))
	}
	if q.Labels != nil && g.repo.CanPush {
		g.relabel(i, r.who, *q.Labels)
	}
	return r.ok(g.wireIssue(r.base, i.now()))
}

// reasonFor keeps a reason only with the state that it belongs to.
func reasonFor(state string, reason *string) string {
	if reason == nil || (state == "open") != (*reason == "reopened") {
		return ""
	}
	return *reason
}

// mayEdit says whether the bot may change what author wrote.
func (g *GitHub) mayEdit(who actor, author string) bool {
	return g.repo.CanPush || strings.EqualFold(who.Login, author)
}

// An issueFilter is what a list of issues is asked for.
type issueFilter struct {
	state, creator string
	labels         []string
	since          time.Time
	sort           string
	ascending      bool
}

func (r *githubRequest) issueFilter() (issueFilter, []fieldError) {
	q := r.URL.Query()
	f := issueFilter{
		state:     cmp.Or(q.Get("state"), "open"),
		creator:   q.Get("creator"),
		sort:      cmp.Or(q.Get("sort"), "created"),
		ascending: q.Get("direction") == "asc",
	}
	if l := q.Get("labels"); l != "" {
		f.labels = strings.Split(l, ",")
	}
	var errs []fieldError
	if !slices.Contains([]string{"open", "closed", "all"}, f.state) {
		errs = append(errs, fieldError{Resource: "Issue", Field: "state", Code: "invalid", Value: f.state})
	}
	var valid bool
	if f.since, valid = parseSince(q.Get("since")); !valid {
		errs = append(errs, fieldError{Resource: "Issue", Field: "since", Code: "invalid", Value: q.Get("since")})
	}
	return f, errs
}

func parseSince(s string) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

func (f issueFilter) fits(v *Issue) bool {
	switch {
	case v == nil || v.Deleted:
		return false
	case f.state != "all" && f.state != v.State:
		return false
	case f.creator != "" && !strings.EqualFold(f.creator, v.Author):
		return false
	case v.UpdatedAt.Before(f.since):
		return false
	}
	for _, l := range f.labels {
		same := func(have string) bool { return strings.EqualFold(have, strings.TrimSpace(l)) }
		if !slices.ContainsFunc(v.Labels, same) {
			return false
		}
	}
	return true
}

// listIssues lists pull requests, too, as GitHub does.
func (g *GitHub) listIssues(r *githubRequest) githubAnswer {
	f, errs := r.issueFilter()
	if len(errs) > 0 {
		return r.invalid(errs...)
	}
	found := g.issuesBy(f, r.seen)
	page, header := paginate(r, found)
	wire := make([]wireIssue, len(page))
	for n, v := range page {
		wire[n] = g.wireIssue(r.base, v)
	}
	return githubAnswer{http.StatusOK, wire, header}
}

// issuesBy returns what f asks for, of what was written by the time seen. With a time since it looks only at
// the issues updated after it.
func (g *GitHub) issuesBy(f issueFilter, seen time.Time) []*Issue {
	var found []*Issue
	add := func(i *issue) {
		if v := i.at(seen); f.fits(v) {
			found = append(found, v)
		}
	}
	if f.since.IsZero() {
		for _, i := range g.issues {
			add(i)
		}
	} else {
		g.updatedSince(f.since, add)
	}
	slices.SortFunc(found, f.order)
	return found
}

func (f issueFilter) order(a, b *Issue) int {
	byNumber := cmp.Compare(a.Number, b.Number)
	var c int
	switch f.sort {
	case "updated":
		c = cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), byNumber)
	case "comments":
		c = cmp.Or(cmp.Compare(a.CommentCount, b.CommentCount), byNumber)
	default:
		c = byNumber
	}
	if f.ascending {
		return c
	}
	return -c
}
