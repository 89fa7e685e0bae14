package sandbox

import (
	"net/http"
	"slices"
)

// listEvents lists an issue's events, the oldest first.
func (g *GitHub) listEvents(r *githubRequest) githubAnswer {
	i, a, found := g.issueOf(r)
	if !found {
		return a
	}
	return g.eventPage(r, g.eventsSeen(r, i.events), false)
}

// listRepositoryEvents lists the events of all issues, the newest first.
func (g *GitHub) listRepositoryEvents(r *githubRequest) githubAnswer {
	found := g.eventsSeen(r, g.events)
	slices.Reverse(found)
	return g.eventPage(r, found, true)
}

func (g *GitHub) eventsSeen(r *githubRequest, events []*IssueEvent) []*IssueEvent {
	var seen []*IssueEvent
	for _, e := range events {
		if !e.written.After(r.seen) && !g.issues[e.Issue-1].now().Deleted {
			seen = append(seen, e)
		}
	}
	return seen
}

func (g *GitHub) eventPage(r *githubRequest, found []*IssueEvent, withIssue bool) githubAnswer {
	page, header := paginate(r, found)
	wire := make([]wireEvent, len(page))
	for n, e := range page {
		wire[n] = g.wireEvent(r.base, e)
		if withIssue {
			issue := g.wireIssue(r.base, g.issues[e.Issue-1].now())
			wire[n].Issue = &issue
		}
	}
	return githubAnswer{http.StatusOK, wire, header}
}
