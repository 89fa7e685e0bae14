package page

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/integrations/sandbox"
)

// issueList is the list of issues.
type issueList struct {
	*place
	Repository string
	Issues     []issueLine
	Open       int
}

// An issueLine is an issue in the list.
type issueLine struct {
	Number   int
	Title    string
	Href     string
	State    string
	Labels   []label
	Author   string
	When     string
	Comments int
	On       bool
}

type label struct {
	Name  string
	Color int // 0 to 7, by its name
}

func labelsOf(names []string) (labels []label) {
	for _, n := range names {
		labels = append(labels, label{n, faceOf(n, n, false).Color})
	}
	return labels
}

func (p *Page) issues(at *place) issueList {
	list := issueList{place: at, Repository: p.GitHub.Repository().FullName()}
	for _, i := range slices.Backward(p.GitHub.Issues()) {
		if i.Deleted {
			continue
		}
		if i.State == "open" {
			list.Open++
		}
		list.Issues = append(list.Issues, issueLine{
			Number: i.Number, Title: i.Title, Href: at.AtIssue(i.Number), State: i.State, Labels: labelsOf(i.Labels),
			Author: i.Author, When: at.moment(i.CreatedAt), Comments: i.CommentCount, On: i.Number == at.Issue,
		})
	}
	return list
}

// moment is a time as the reader has it.
func (at *place) moment(t time.Time) string {
	t = t.In(at.zone)
	if t.Format("2006-01-02") == at.today.Format("2006-01-02") {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// An issueModel is an issue with its comments.
type issueModel struct {
	*place
	Repository string
	Number     int
	Title      string
	State      string
	Reason     string
	Labels     []label
	Posts      []hubPost // the issue's own text first
}

// A hubPost is a text on GitHub.
type hubPost struct {
	ID     string // of its element
	Number int64  // of a comment, 0 of the issue's own text
	Source string // Markdown
	Author string
	Face   face
	When   string
	Body   template.HTML
	Edited bool
	Bot    bool
}

// issue is the issue that is open. Its number is 0 if none is.
func (p *Page) issue(at *place) issueModel {
	if at.Issue == 0 {
		return issueModel{place: at}
	}
	i := p.GitHub.Issue(at.Issue)
	if i.Deleted {
		return issueModel{place: at}
	}
	m := issueModel{
		place: at, Repository: p.GitHub.Repository().FullName(), Number: i.Number, Title: i.Title, State: i.State,
		Reason: i.StateReason, Labels: labelsOf(i.Labels),
	}
	m.Posts = append(m.Posts, at.hubPost(0, i.Author, i.Body, i.CreatedAt, bodyEdited(i)))
	for _, c := range i.Comments {
		m.Posts = append(m.Posts, at.hubPost(c.ID, c.Author, c.Body, c.CreatedAt, len(c.Edits) > 0))
	}
	return m
}

func bodyEdited(i sandbox.Issue) bool {
	return slices.ContainsFunc(i.Edits, func(e sandbox.Edit) bool { return e.Body != i.Body })
}

func (at *place) hubPost(number int64, author, body string, when time.Time, edited bool) hubPost {
	person := slices.ContainsFunc(at.names.order, func(p sandbox.Person) bool { return p.Name == author })
	return hubPost{
		ID: "g-" + strconv.FormatInt(number, 10), Number: number, Source: body, Author: author, Face: faceOf(author, author, !person), When: at.moment(when),
		Body: at.markdown(body), Edited: edited, Bot: !person,
	}
}

// onIssue is an act on an issue.
func (p *Page) onIssue(do func(*place, form, sandbox.Issue) error) act {
	return func(at *place, form form) error {
		n, err := strconv.Atoi(form.Get("issue"))
		all := p.GitHub.Issues()
		if err != nil || n < 1 || n > len(all) || all[n-1].Deleted {
			return said(at.T("no_issue"))
		}
		return do(at, form, all[n-1])
	}
}

func (p *Page) comment(at *place, form form, i sandbox.Issue) error {
	text, err := form.someText(at)
	if err != nil {
		return err
	}
	p.GitHub.CommentAs(at.Me.Name, i.Number, text)
	return nil
}

func (p *Page) editIssue(at *place, form form, i sandbox.Issue) error {
	title := strings.TrimSpace(form.Get("title"))
	if title == "" {
		return said(at.T("empty"))
	}
	p.GitHub.EditIssueAs(at.Me.Name, i.Number, title, form.text())
	return nil
}

// onComment is an act on a comment of an issue.
func (p *Page) onComment(do func(*place, form, sandbox.Comment) error) act {
	return p.onIssue(func(at *place, form form, i sandbox.Issue) error {
		n := slices.IndexFunc(i.Comments, func(c sandbox.Comment) bool { return strconv.FormatInt(c.ID, 10) == form.Get("comment") })
		if n < 0 {
			return said(at.T("no_comment"))
		}
		return do(at, form, i.Comments[n])
	})
}

// rewrite gives a comment another text: whoever may write to the repository can edit what others wrote.
func (p *Page) rewrite(at *place, form form, c sandbox.Comment) error {
	text, err := form.someText(at)
	if err != nil {
		return err
	}
	p.GitHub.EditCommentAs(at.Me.Name, c.ID, text)
	return nil
}

func (p *Page) removeComment(at *place, _ form, c sandbox.Comment) error {
	p.GitHub.DeleteCommentAs(at.Me.Name, c.ID)
	return nil
}

// setState closes or reopens an issue.
func (p *Page) setState(at *place, form form, i sandbox.Issue) error {
	if form.Get("state") == "open" {
		p.GitHub.ReopenAs(at.Me.Name, i.Number)
		return nil
	}
	reason := cmp.Or(form.Get("reason"), "completed")
	if !slices.Contains([]string{"completed", "not_planned", "duplicate"}, reason) {
		return said(at.T("no_issue"))
	}
	p.GitHub.CloseAs(at.Me.Name, i.Number, reason)
	return nil
}

// relabel puts a label on an issue, or takes it off.
func (p *Page) relabel(at *place, form form, i sandbox.Issue) error {
	add, remove := strings.TrimSpace(form.Get("add")), form.Get("remove")
	switch {
	case remove != "":
		p.GitHub.RelabelAs(at.Me.Name, i.Number, nil, []string{remove})
	case add == "":
		return said(at.T("empty"))
	default:
		p.GitHub.RelabelAs(at.Me.Name, i.Number, []string{add}, nil)
	}
	return nil
}
