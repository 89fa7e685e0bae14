package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// labelList reads the request's names, which GitHub takes as an object with labels or as a bare array.
func (r *githubRequest) labelList() (labelNames, githubAnswer, bool) {
	var q struct {
		Labels labelNames `json:"labels"`
	}
	if json.Unmarshal(r.body, &q.Labels) != nil {
		if a, failed := r.decode(&q); failed {
			return nil, a, false
		}
	}
	if errs := q.Labels.problems(); len(errs) > 0 {
		return nil, r.invalid(errs...), false
	}
	return q.Labels, githubAnswer{}, true
}

// labelled returns the issue whose labels r is about to change, if it may.
func (g *GitHub) labelled(r *githubRequest) (*issue, githubAnswer, bool) {
	i, a, found := g.issueOf(r)
	if !found {
		return nil, a, false
	}
	if !g.repo.CanPush {
		return nil, r.refuse(http.StatusForbidden, "Must have admin rights to Repository."), false
	}
	return i, githubAnswer{}, true
}

func (g *GitHub) listIssueLabels(r *githubRequest) githubAnswer {
	i, a, found := g.issueOf(r)
	if !found {
		return a
	}
	page, header := paginate(r, g.wireLabels(r.base, i.now().Labels))
	return githubAnswer{http.StatusOK, orEmpty(page), header}
}

func (g *GitHub) addLabels(r *githubRequest) githubAnswer {
	i, a, allowed := g.labelled(r)
	if !allowed {
		return a
	}
	names, a, valid := r.labelList()
	if !valid {
		return a
	}
	g.relabel(i, r.who, slices.Concat(i.now().Labels, names))
	return r.ok(g.wireLabels(r.base, i.now().Labels))
}

func (g *GitHub) replaceLabels(r *githubRequest) githubAnswer {
	i, a, allowed := g.labelled(r)
	if !allowed {
		return a
	}
	names, a, valid := r.labelList()
	if !valid {
		return a
	}
	g.relabel(i, r.who, names)
	return r.ok(g.wireLabels(r.base, i.now().Labels))
}

func (g *GitHub) removeLabels(r *githubRequest) githubAnswer {
	i, a, allowed := g.labelled(r)
	if !allowed {
		return a
	}
	g.relabel(i, r.who, nil)
	return githubAnswer{status: http.StatusNoContent}
}

// removeLabel answers 404 for a label that the issue doesn't have.
func (g *GitHub) removeLabel(r *githubRequest) githubAnswer {
	i, a, allowed := g.labelled(r)
	if !allowed {
		return a
	}
	name, _ := url.PathUnescape(r.path["name"])
	same := func(have string) bool { return strings.EqualFold(have, name) }
	if !slices.ContainsFunc(i.now().Labels, same) {
		return r.refuse(http.StatusNotFound, "Label does not exist")
	}
	g.relabel(i, r.who, slices.DeleteFunc(slices.Clone(i.now().Labels), same))
	return r.ok(g.wireLabels(r.base, i.now().Labels))
}

func (g *GitHub) listLabels(r *githubRequest) githubAnswer {
	var names []string
	for _, l := range g.labels {
		names = append(names, l.Name)
	}
	slices.Sort(names)
	page, header := paginate(r, g.wireLabels(r.base, names))
	return githubAnswer{http.StatusOK, orEmpty(page), header}
}

var hexColor = regexp.MustCompile(`^[0-9a-fA-F]{6}$`)

func (g *GitHub) createLabel(r *githubRequest) githubAnswer {
	var q struct {
		Name        string `json:"name"`
		Color       string `json:"color"`
		Description string `json:"description"`
	}
	if a, failed := r.decode(&q); failed {
		return a
	}
	errs := labelNames{q.Name}.problems()
	if q.Color = cmp.Or(q.Color, "ededed"); !hexColor.MatchString(q.Color) {
		errs = append(errs, fieldError{Resource: "Label", Field: "color", Code: "invalid", Value: q.Color})
	}
	if _, exists := g.labels[strings.ToLower(q.Name)]; exists {
		errs = append(errs, fieldError{Resource: "Label", Field: "name", Code: "already_exists"})
	}
	switch {
	case !g.repo.CanPush:
		return r.notFound()
	case len(errs) > 0:
		return r.invalid(errs...)
	}
	l := g.label(q.Name)
	l.Color, l.Description = q.Color, q.Description
	wire := g.wireLabel(r.base, l)
	return r.created(wire, wire.URL)
}

func (g *GitHub) getLabel(r *githubRequest) githubAnswer {
	name, _ := url.PathUnescape(r.path["name"])
	l, found := g.labels[strings.ToLower(name)]
	if !found {
		return r.notFound()
	}
	return r.ok(g.wireLabel(r.base, l))
}
