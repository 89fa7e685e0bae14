package sandbox

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// enterRepository answers instead of an operation if the repository isn't there or not in a state for it.
func (g *GitHub) enterRepository(r *githubRequest) (githubAnswer, bool) {
	owner, _ := url.PathUnescape(r.path["owner"])
	name, _ := url.PathUnescape(r.path["repo"])
	asked := owner + "/" + name
	visible := !g.gone && (r.who.Account != nil || !g.repo.Private || r.route.kind == asApp)
	if !visible {
		return r.notFound(), true
	}
	if !strings.EqualFold(asked, g.repo.FullName()) {
		for _, former := range g.former {
			if strings.EqualFold(asked, former) {
				return g.moved(r), true
			}
		}
		return r.notFound(), true
	}
	write := r.Method != http.MethodGet
	switch {
	case write && r.who.Account == nil:
		return r.refuse(http.StatusUnauthorized, "Requires authentication"), true
	case write && g.repo.Archived:
		return r.refuse(http.StatusForbidden, "Repository was archived so is read-only."), true
	case !g.repo.HasIssues && aboutIssues(r.route):
		return r.refuse(http.StatusGone, "Issues are disabled for this repo"), true
	}
	return githubAnswer{}, false
}

func aboutIssues(route *githubRoute) bool {
	return strings.Contains(route.pattern, inRepository+"/issues")
}

// moved redirects to the repository by its id: reads with 301, writes with 307, so that they keep their method.
// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects
func (g *GitHub) moved(r *githubRequest) githubAnswer {
	_, rest, _ := strings.Cut(r.URL.RequestURI(), "/"+r.path["owner"]+"/"+r.path["repo"])
	to := r.base + "/repositories/" + strconv.FormatInt(g.repo.ID, 10) + rest
	status := http.StatusTemporaryRedirect
	if r.Method == http.MethodGet {
		status = http.StatusMovedPermanently
	}
	return githubAnswer{status, wireError{
		Message: "Moved Permanently", URL: to,
		DocumentationURL: githubDocs + "/guides/best-practices-for-using-the-rest-api#follow-redirects",
		Status:           strconv.Itoa(status),
	}, http.Header{"Location": {to}}}
}

func (g *GitHub) getRepository(r *githubRequest) githubAnswer {
	return r.ok(g.wireRepository(r.base, r.who))
}
