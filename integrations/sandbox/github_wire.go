package sandbox

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The JSON of answers, by GitHub's OpenAPI description (npm @octokit/openapi): all that it requires and what
// clients look at.

type wireUser struct {
	Login             string `json:"login"`
	ID                int64  `json:"id"`
	NodeID            string `json:"node_id"`
	AvatarURL         string `json:"avatar_url"`
	GravatarID        string `json:"gravatar_id"`
	URL               string `json:"url"`
	HTMLURL           string `json:"html_url"`
	FollowersURL      string `json:"followers_url"`
	FollowingURL      string `json:"following_url"`
	GistsURL          string `json:"gists_url"`
	StarredURL        string `json:"starred_url"`
	SubscriptionsURL  string `json:"subscriptions_url"`
	OrganizationsURL  string `json:"organizations_url"`
	ReposURL          string `json:"repos_url"`
	EventsURL         string `json:"events_url"`
	ReceivedEventsURL string `json:"received_events_url"`
	Type              string `json:"type"`
	UserViewType      string `json:"user_view_type"`
	SiteAdmin         bool   `json:"site_admin"`
}

type wirePrivateUser struct {
	wireUser
	Name              *string `json:"name"`
	Company           *string `json:"company"`
	Blog              string  `json:"blog"`
	Location          *string `json:"location"`
	Email             *string `json:"email"`
	Hireable          *bool   `json:"hireable"`
	Bio               *string `json:"bio"`
	PublicRepos       int     `json:"public_repos"`
	PublicGists       int     `json:"public_gists"`
	Followers         int     `json:"followers"`
	Following         int     `json:"following"`
	CreatedAt         string  `json:"created_at"`
	UpdatedAt         string  `json:"updated_at"`
	PrivateGists      int     `json:"private_gists"`
	TotalPrivateRepos int     `json:"total_private_repos"`
	OwnedPrivateRepos int     `json:"owned_private_repos"`
	DiskUsage         int     `json:"disk_usage"`
	Collaborators     int     `json:"collaborators"`
	TwoFactor         bool    `json:"two_factor_authentication"`
}

type wireLabel struct {
	ID          int64   `json:"id"`
	NodeID      string  `json:"node_id"`
	URL         string  `json:"url"`
	Name        string  `json:"name"`
	Color       string  `json:"color"`
	Default     bool    `json:"default"`
	Description *string `json:"description"`
}

type wireReactions struct {
	URL        string `json:"url"`
	TotalCount int    `json:"total_count"`
	Plus       int    `json:"+1"`
	Minus      int    `json:"-1"`
	Laugh      int    `json:"laugh"`
	Hooray     int    `json:"hooray"`
	Confused   int    `json:"confused"`
	Heart      int    `json:"heart"`
	Rocket     int    `json:"rocket"`
	Eyes       int    `json:"eyes"`
}

type wireIssue struct {
	URL               string        `json:"url"`
	RepositoryURL     string        `json:"repository_url"`
	LabelsURL         string        `json:"labels_url"`
	CommentsURL       string        `json:"comments_url"`
	EventsURL         string        `json:"events_url"`
	HTMLURL           string        `json:"html_url"`
	TimelineURL       string        `json:"timeline_url"`
	ID                int64         `json:"id"`
	NodeID            string        `json:"node_id"`
	Number            int           `json:"number"`
	Title             string        `json:"title"`
	User              wireUser      `json:"user"`
	Labels            []wireLabel   `json:"labels"`
	State             string        `json:"state"`
	StateReason       *string       `json:"state_reason"`
	Locked            bool          `json:"locked"`
	ActiveLockReason  *string       `json:"active_lock_reason"`
	Assignee          *wireUser     `json:"assignee"`
	Assignees         []wireUser    `json:"assignees"`
	Milestone         *struct{}     `json:"milestone"`
	Comments          int           `json:"comments"`
	CreatedAt         string        `json:"created_at"`
	UpdatedAt         string        `json:"updated_at"`
	ClosedAt          *string       `json:"closed_at"`
	ClosedBy          *wireUser     `json:"closed_by"`
	AuthorAssociation string        `json:"author_association"`
	PullRequest       *wirePull     `json:"pull_request,omitempty"`
	Body              *string       `json:"body"`
	Reactions         wireReactions `json:"reactions"`
	ViaApp            *wireApp      `json:"performed_via_github_app"`
}

type wirePull struct {
	URL      string  `json:"url"`
	HTMLURL  string  `json:"html_url"`
	DiffURL  string  `json:"diff_url"`
	PatchURL string  `json:"patch_url"`
	MergedAt *string `json:"merged_at"`
}

type wireComment struct {
	URL               string        `json:"url"`
	HTMLURL           string        `json:"html_url"`
	IssueURL          string        `json:"issue_url"`
	ID                int64         `json:"id"`
	NodeID            string        `json:"node_id"`
	User              wireUser      `json:"user"`
	CreatedAt         string        `json:"created_at"`
	UpdatedAt         string        `json:"updated_at"`
	AuthorAssociation string        `json:"author_association"`
	Body              string        `json:"body"`
	Reactions         wireReactions `json:"reactions"`
	ViaApp            *wireApp      `json:"performed_via_github_app"`
}

type wireEvent struct {
	ID          int64            `json:"id"`
	NodeID      string           `json:"node_id"`
	URL         string           `json:"url"`
	Actor       wireUser         `json:"actor"`
	Event       string           `json:"event"`
	CommitID    *string          `json:"commit_id"`
	CommitURL   *string          `json:"commit_url"`
	CreatedAt   string           `json:"created_at"`
	Label       *wireEventLabel  `json:"label,omitempty"`
	Rename      *wireEventRename `json:"rename,omitempty"`
	StateReason *string          `json:"state_reason,omitempty"`
	Issue       *wireIssue       `json:"issue,omitempty"`
	ViaApp      *wireApp         `json:"performed_via_github_app"`
}

type wireEventLabel struct {
	Name  string `json:"name"`
	Color string `json:"color"`
}

type wireEventRename struct {
	From string `json:"from"`
	To   string `json:"to"`
}

type wireApp struct {
	ID          int64             `json:"id"`
	Slug        string            `json:"slug"`
	NodeID      string            `json:"node_id"`
	Owner       wireUser          `json:"owner"`
	Name        string            `json:"name"`
	Description *string           `json:"description"`
	ExternalURL string            `json:"external_url"`
	HTMLURL     string            `json:"html_url"`
	CreatedAt   string            `json:"created_at"`
	UpdatedAt   string            `json:"updated_at"`
	Permissions map[string]string `json:"permissions"`
	Events      []string          `json:"events"`
}

type wireInstallation struct {
	ID                  int64             `json:"id"`
	Account             wireUser          `json:"account"`
	RepositorySelection string            `json:"repository_selection"`
	AccessTokensURL     string            `json:"access_tokens_url"`
	RepositoriesURL     string            `json:"repositories_url"`
	HTMLURL             string            `json:"html_url"`
	AppID               int64             `json:"app_id"`
	AppSlug             string            `json:"app_slug"`
	TargetID            int64             `json:"target_id"`
	TargetType          string            `json:"target_type"`
	Permissions         map[string]string `json:"permissions"`
	Events              []string          `json:"events"`
	CreatedAt           string            `json:"created_at"`
	UpdatedAt           string            `json:"updated_at"`
	SingleFileName      *string           `json:"single_file_name"`
	SuspendedBy         *wireUser         `json:"suspended_by"`
	SuspendedAt         *string           `json:"suspended_at"`
}

type wireToken struct {
	Token               string            `json:"token"`
	ExpiresAt           string            `json:"expires_at"`
	Permissions         map[string]string `json:"permissions"`
	RepositorySelection string            `json:"repository_selection"`
}

type wireRate struct {
	Limit     int   `json:"limit"`
	Used      int   `json:"used"`
	Remaining int   `json:"remaining"`
	Reset     int64 `json:"reset"`
}

func githubTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// nodeID is the kind of id that GraphQL has. Clients may not look into it.
func nodeID(kind string, id int64) string {
	return kind + "_" + base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(id, 10)))
}

// nonEmpty returns nil, which is JSON's null, for the empty string.
func nonEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// orEmpty makes a list [] in JSON where it would be null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// htmlBase is where people look at what the API at base has.
func htmlBase(base string) string { return strings.TrimSuffix(base, "/api/v3") }

func (g *GitHub) wireUser(base, login string) wireUser {
	a := g.accounts[strings.ToLower(login)]
	u := base + "/users/" + url.PathEscape(a.Login)
	return wireUser{
		Login: a.Login, ID: a.ID, NodeID: nodeID("U", a.ID),
		AvatarURL: htmlBase(base) + "/avatars/u/" + strconv.FormatInt(a.ID, 10),
		URL:       u, HTMLURL: htmlBase(base) + "/" + htmlPath(a),
		FollowersURL:      u + "/followers",
		FollowingURL:      u + "/following{/other_user}",
		GistsURL:          u + "/gists{/gist_id}",
		StarredURL:        u + "/starred{/owner}{/repo}",
		SubscriptionsURL:  u + "/subscriptions",
		OrganizationsURL:  u + "/orgs",
		ReposURL:          u + "/repos",
		EventsURL:         u + "/events{/privacy}",
		ReceivedEventsURL: u + "/received_events",
		Type:              a.Type, UserViewType: "public",
	}
}

func htmlPath(a *Account) string {
	if slug, isApp := strings.CutSuffix(a.Login, "[bot]"); isApp {
		return "apps/" + slug
	}
	return a.Login
}

func (g *GitHub) wirePrivateUser(base string, a *Account) wirePrivateUser {
	u := g.wireUser(base, a.Login)
	u.UserViewType = "private"
	return wirePrivateUser{wireUser: u, CreatedAt: githubTime(a.CreatedAt), UpdatedAt: githubTime(a.CreatedAt)}
}

func (g *GitHub) repoURL(base string) string { return base + "/repos/" + g.repo.FullName() }

func (g *GitHub) wireLabel(base string, l *Label) wireLabel {
	return wireLabel{
		ID: l.ID, NodeID: nodeID("LA", l.ID), URL: g.repoURL(base) + "/labels/" + url.PathEscape(l.Name),
		Name: l.Name, Color: l.Color, Description: nonEmpty(l.Description),
	}
}

func (g *GitHub) wireLabels(base string, names []string) []wireLabel {
	labels := make([]wireLabel, len(names))
	for n, name := range names {
		labels[n] = g.wireLabel(base, g.label(name))
	}
	return labels
}

func (g *GitHub) wireIssue(base string, v *Issue) wireIssue {
	repo := g.repoURL(base)
	u := fmt.Sprintf("%s/issues/%d", repo, v.Number)
	w := wireIssue{
		URL: u, RepositoryURL: repo, LabelsURL: u + "/labels{/name}", CommentsURL: u + "/comments",
		EventsURL: u + "/events", TimelineURL: u + "/timeline", HTMLURL: g.htmlIssue(base, v.Number, v.PullRequest),
		ID: v.ID, NodeID: nodeID("I", v.ID), Number: v.Number, Title: v.Title,
		User: g.wireUser(base, v.Author), Labels: g.wireLabels(base, v.Labels),
		State: v.State, StateReason: nonEmpty(v.StateReason), Assignees: []wireUser{},
		Comments: v.CommentCount, CreatedAt: githubTime(v.CreatedAt), UpdatedAt: githubTime(v.UpdatedAt),
		AuthorAssociation: g.accounts[strings.ToLower(v.Author)].Association,
		Body:              nonEmpty(v.Body), Reactions: wireReactions{URL: u + "/reactions"},
		ViaApp: g.viaApp(base, v.ViaApp),
	}
	if v.ClosedBy != "" {
		by, at := g.wireUser(base, v.ClosedBy), githubTime(v.ClosedAt)
		w.ClosedBy, w.ClosedAt = &by, &at
	}
	if v.PullRequest {
		html := w.HTMLURL
		w.PullRequest = &wirePull{
			URL: fmt.Sprintf("%s/pulls/%d", repo, v.Number), HTMLURL: html, DiffURL: html + ".diff", PatchURL: html + ".patch",
		}
	}
	return w
}

func (g *GitHub) htmlIssue(base string, number int, pullRequest bool) string {
	kind := "issues"
	if pullRequest {
		kind = "pull"
	}
	return fmt.Sprintf("%s/%s/%s/%d", htmlBase(base), g.repo.FullName(), kind, number)
}

func (g *GitHub) wireComment(base string, v *Comment) wireComment {
	u := fmt.Sprintf("%s/issues/comments/%d", g.repoURL(base), v.ID)
	pullRequest := g.issues[v.Issue-1].now().PullRequest
	return wireComment{
		URL: u, HTMLURL: fmt.Sprintf("%s#issuecomment-%d", g.htmlIssue(base, v.Issue, pullRequest), v.ID),
		IssueURL: fmt.Sprintf("%s/issues/%d", g.repoURL(base), v.Issue),
		ID:       v.ID, NodeID: nodeID("IC", v.ID), User: g.wireUser(base, v.Author),
		CreatedAt: githubTime(v.CreatedAt), UpdatedAt: githubTime(v.UpdatedAt),
		AuthorAssociation: g.accounts[strings.ToLower(v.Author)].Association,
		Body:              v.Body, Reactions: wireReactions{URL: u + "/reactions"}, ViaApp: g.viaApp(base, v.ViaApp),
	}
}

func (g *GitHub) wireEvent(base string, e *IssueEvent) wireEvent {
	w := wireEvent{
		ID: e.ID, NodeID: nodeID("EV", e.ID), URL: fmt.Sprintf("%s/issues/events/%d", g.repoURL(base), e.ID),
		Actor: g.wireUser(base, e.Actor), Event: e.Kind, CreatedAt: githubTime(e.CreatedAt), StateReason: nonEmpty(e.Reason),
		ViaApp: g.viaApp(base, e.ViaApp),
	}
	if e.Label != "" {
		w.Label = &wireEventLabel{e.Label, g.label(e.Label).Color}
	}
	if e.Kind == "renamed" {
		w.Rename = &wireEventRename{e.From, e.To}
	}
	return w
}

// viaApp is the app that wrote something, nil if a user did.
func (g *GitHub) viaApp(base string, yes bool) *wireApp {
	if !yes {
		return nil
	}
	app := g.wireApp(base)
	return &app
}

func (g *GitHub) wireApp(base string) wireApp {
	html := htmlBase(base) + "/apps/" + g.options.AppSlug
	made := githubTime(g.repo.CreatedAt)
	return wireApp{
		ID: githubAppID, Slug: g.options.AppSlug, NodeID: nodeID("A", githubAppID), Owner: g.wireUser(base, g.repo.Owner),
		Name: g.options.AppSlug, ExternalURL: html, HTMLURL: html, CreatedAt: made, UpdatedAt: made,
		Permissions: appPermissions(), Events: []string{},
	}
}

func (g *GitHub) wireInstallation(base string) wireInstallation {
	owner := g.wireUser(base, g.repo.Owner)
	made := githubTime(g.repo.CreatedAt)
	return wireInstallation{
		ID: githubInstallationID, Account: owner, RepositorySelection: "selected",
		AccessTokensURL: fmt.Sprintf("%s/app/installations/%d/access_tokens", base, githubInstallationID),
		RepositoriesURL: base + "/installation/repositories",
		HTMLURL:         fmt.Sprintf("%s/organizations/%s/settings/installations/%d", htmlBase(base), g.repo.Owner, githubInstallationID),
		AppID:           githubAppID, AppSlug: g.options.AppSlug, TargetID: owner.ID, TargetType: owner.Type,
		Permissions: appPermissions(), Events: []string{}, CreatedAt: made, UpdatedAt: made,
	}
}

// repoLinks are the addresses below a repository's own, and what follows them as a template.
var repoLinks = map[string]string{
	"archive_url": "/{archive_format}{/ref}", "assignees_url": "/assignees{/user}", "blobs_url": "/git/blobs{/sha}",
	"branches_url": "/branches{/branch}", "collaborators_url": "/collaborators{/collaborator}",
	"comments_url": "/comments{/number}", "commits_url": "/commits{/sha}", "compare_url": "/compare/{base}...{head}",
	"contents_url": "/contents/{+path}", "contributors_url": "/contributors", "deployments_url": "/deployments",
	"downloads_url": "/downloads", "events_url": "/events", "forks_url": "/forks", "git_commits_url": "/git/commits{/sha}",
	"git_refs_url": "/git/refs{/sha}", "git_tags_url": "/git/tags{/sha}", "hooks_url": "/hooks",
	"issue_comment_url": "/issues/comments{/number}", "issue_events_url": "/issues/events{/number}",
	"issues_url": "/issues{/number}", "keys_url": "/keys{/key_id}", "labels_url": "/labels{/name}",
	"languages_url": "/languages", "merges_url": "/merges", "milestones_url": "/milestones{/number}",
	"notifications_url": "/notifications{?since,all,participating}", "pulls_url": "/pulls{/number}",
	"releases_url": "/releases{/id}", "stargazers_url": "/stargazers", "statuses_url": "/statuses/{sha}",
	"subscribers_url": "/subscribers", "subscription_url": "/subscription", "tags_url": "/tags", "teams_url": "/teams",
	"trees_url": "/git/trees{/sha}",
}

// wireRepository shows an installation no permissions of a user: what an app may do is in its token's answer.
func (g *GitHub) wireRepository(base string, who actor) map[string]any {
	repo, html := g.repoURL(base), htmlBase(base)+"/"+g.repo.FullName()
	made := githubTime(g.repo.CreatedAt)
	visibility := "public"
	if g.repo.Private {
		visibility = "private"
	}
	open := g.openIssues()
	owner := g.wireUser(base, g.repo.Owner)
	w := map[string]any{
		"id": g.repo.ID, "node_id": nodeID("R", g.repo.ID), "name": g.repo.Name, "full_name": g.repo.FullName(),
		"owner": owner, "organization": owner, "private": g.repo.Private, "visibility": visibility,
		"url": repo, "html_url": html, "clone_url": html + ".git", "svn_url": html,
		"git_url": "git:" + strings.TrimPrefix(html, "http:") + ".git",
		"ssh_url": "git@localhost:" + g.repo.FullName() + ".git", "mirror_url": nil, "homepage": nil,
		"description": nil, "language": nil, "license": nil, "fork": false, "default_branch": "main",
		"has_issues": g.repo.HasIssues, "has_projects": false, "has_wiki": false, "has_pages": false,
		"has_downloads": true, "has_discussions": false, "archived": g.repo.Archived, "disabled": false,
		"is_template": false, "allow_forking": true, "topics": []string{},
		"open_issues": open, "open_issues_count": open, "forks": 0, "forks_count": 0, "stargazers_count": 0,
		"watchers": 0, "watchers_count": 0, "network_count": 0, "subscribers_count": 0, "size": 1,
		"created_at": made, "updated_at": made, "pushed_at": made,
	}
	for name, below := range repoLinks {
		w[name] = repo + below
	}
	if who.Account != nil {
		user := !who.viaApp
		push := user && g.repo.CanPush
		w["permissions"] = map[string]bool{"admin": false, "maintain": false, "push": push, "triage": push, "pull": user}
	}
	return w
}

func (g *GitHub) openIssues() int {
	n := 0
	for _, i := range g.issues {
		if v := i.now(); v.State == "open" && !v.Deleted {
			n++
		}
	}
	return n
}
