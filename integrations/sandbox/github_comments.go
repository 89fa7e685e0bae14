package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// commentBody reads and checks the request's body text.
func (r *githubRequest) commentBody() (string, githubAnswer, bool) {
	var q struct {
		Body string `json:"body"`
	}
	if a, failed := r.decode(&q); failed {
		return "", a, false
	}
	problem := fieldError{Resource: "IssueComment", Field: "body"}
	switch {
	case strings.TrimSpace(q.Body) == "":
		problem.Code = "missing_field"
	case utf8.RuneCountInString(q.Body) > maxBody:
		problem.Code, problem.Message = "custom", tooLong("body", maxBody)
	default:
		return q.Body, githubAnswer{}, true
	}
	return "", r.invalid(problem), false
}

func (g *GitHub) createComment(r *githubRequest) githubAnswer {
	i, a, found := g.issueOf(r)
	if !found {
		return a
	}
	body, a, valid := r.commentBody()
	if !valid {
		return a
	}
	if i.now().CommentCount >= maxComments {
		return r.refuse(http.StatusForbidden, "Commenting is disabled on issues with more than 2500 comments")
	}
	c := g.addComment(i, r.who, body)
	g.tellComment(r, c)
	wire := g.wireComment(r.base, c.now())
	return r.created(wire, wire.URL)
}

// maxComments is how many comments an issue takes. GitHub doesn't document it; its answer is as people report it, such as
// https://github.com/cockpit-project/cockpit/issues/8417.
const maxComments = 2500

// tellComment calls the hook for new comments once the lock is released.
func (g *GitHub) tellComment(r *githubRequest, c *comment) {
	if hook := g.onComment; hook != nil {
		v := *c.now()
		r.after = append(r.after, func() { hook(v) })
	}
}

// commentOf returns the comment that r names, or nil.
func (g *GitHub) commentOf(r *githubRequest) *comment {
	id, _ := strconv.ParseInt(r.path["id"], 10, 64)
	return g.comments[id]
}

func (g *GitHub) getComment(r *githubRequest) githubAnswer {
	c := g.commentOf(r)
	if c == nil {
		return r.notFound()
	}
	return r.ok(g.wireComment(r.base, c.now()))
}

func (g *GitHub) patchComment(r *githubRequest) githubAnswer {
	c := g.commentOf(r)
	switch {
	case c == nil:
		return r.notFound()
	case !g.mayEdit(r.who, c.now().Author):
		return r.refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	body, a, valid := r.commentBody()
	if !valid {
		return a
	}
	g.editComment(c, body)
	return r.ok(g.wireComment(r.base, c.now()))
}

func (g *GitHub) removeComment(r *githubRequest) githubAnswer {
	c := g.commentOf(r)
	switch {
	case c == nil:
		return r.notFound()
	case !g.mayEdit(r.who, c.now().Author):
		return r.refuse(http.StatusForbidden, "Must have admin rights to Repository.")
	}
	g.deleteComment(c)
	return githubAnswer{status: http.StatusNoContent}
}

// listComments lists an issue's comments in the order in which they were written.
func (g *GitHub) listComments(r *githubRequest) githubAnswer {
	i, a, found := g.issueOf(r)
	if !found {
		return a
	}
	since, valid := parseSince(r.URL.Query().Get("since"))
	if !valid {
		return r.invalid(fieldError{Resource: "IssueComment", Field: "since", Code: "invalid"})
	}
	return g.commentPage(r, commentsSince(i.comments, since, r.seen))
}

// listRepositoryComments lists all comments, by id unless asked for another order.
func (g *GitHub) listRepositoryComments(r *githubRequest) githubAnswer {
	q := r.URL.Query()
	since, valid := parseSince(q.Get("since"))
	if !valid {
		return r.invalid(fieldError{Resource: "IssueComment", Field: "since", Code: "invalid"})
	}
	found := commentsSince(g.inOrder, since, r.seen)
	if q.Get("sort") == "updated" {
		slices.SortStableFunc(found, func(a, b *Comment) int {
			return cmp.Or(a.UpdatedAt.Compare(b.UpdatedAt), cmp.Compare(a.ID, b.ID))
		})
	}
	if q.Get("sort") != "" && q.Get("direction") != "asc" {
		slices.Reverse(found)
	}
	return g.commentPage(r, found)
}

func commentsSince(comments []*comment, since, seen time.Time) []*Comment {
	var found []*Comment
	for _, c := range comments {
		if v := c.at(seen); v != nil && !v.UpdatedAt.Before(since) {
			found = append(found, v)
		}
	}
	return found
}

func (g *GitHub) commentPage(r *githubRequest, found []*Comment) githubAnswer {
	page, header := paginate(r, found)
	wire := make([]wireComment, len(page))
	for n, v := range page {
		wire[n] = g.wireComment(r.base, v)
	}
	return githubAnswer{http.StatusOK, wire, header}
}
