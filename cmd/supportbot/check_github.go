package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	gogithub "github.com/google/go-github/v66/github"

	"supportbot/integrations"
	"supportbot/integrations/github"
)

// github checks who the bot is there, and what it may do in the repository.
func (r *report) github(ctx context.Context, s Settings, secrets Secrets) {
	r.section("GitHub, " + s.GitHub.BaseURL)
	if secrets.GitHubToken.IsZero() && secrets.GitHubApp == nil {
		r.note("not checked without GITHUB_TOKEN or a GitHub App")
		return
	}
	client, err := github.New(githubConfig(s, secrets, time.Now))
	if err != nil {
		r.miss("%v", err)
		return
	}
	if secrets.GitHubApp != nil {
		r.clock(ctx, s.GitHub.BaseURL)
	}
	self, err := client.Whoami(ctx)
	if err != nil {
		r.noAccount(err)
		return
	}
	r.good("account: %s", self.Login)
	repository, ok := r.repository(ctx, client, s.GitHub.Repository)
	switch {
	case !ok:
	case secrets.GitHubApp != nil:
		r.installation(ctx, s.GitHub.BaseURL, repository.FullName, *secrets.GitHubApp)
	default:
		r.tokenRights(repository, secrets.GitHubToken)
	}
}

// noAccount tells of the first call that failed, often since its address is that of GitHub Enterprise's web pages.
func (r *report) noAccount(err error) {
	const enterprise = "For GitHub Enterprise github.base_url is https://host/api/v3/."
	code := integrations.AsError(err).Code
	if code == github.NotAPI {
		r.miss("account: the address answered with something that is not GitHub's API")
		r.next(enterprise)
		return
	}
	r.failed(err, "account")
	if code == "404" {
		r.next(enterprise)
	}
}

// repository returns the repository, if it can be read and takes issues.
func (r *report) repository(ctx context.Context, client *github.Client, name string) (github.Repository, bool) {
	what := "repository " + name
	repository, err := client.Repository(ctx)
	if err != nil {
		if integrations.AsError(err).Code == "404" {
			r.miss("%s: there is none that this account can see", what)
			r.next("Is the name right, and has the account access to it?")
		} else {
			r.failed(err, what)
		}
		return repository, false
	}
	if !strings.EqualFold(repository.FullName, name) {
		r.warn("%s: it is called %s now", what, repository.FullName)
		r.next("Change github.repository.")
	}
	if repository.Visibility == "public" || repository.Visibility == "" && !repository.Private {
		r.warn("%s: it is public, so everybody on the internet can read what people write to support", what)
	}
	switch {
	case repository.Archived:
		r.miss("%s: it is archived, so nothing can be written", what)
	case !repository.HasIssues:
		r.miss("%s: its issues are switched off", what)
		r.next("Switch them on under Settings, General, Features.")
	default:
		r.good("%s: there, with issues", what)
		return repository, true
	}
	return repository, false
}

// tokenRights tells what the account of the token may do. Whoever can read a repository may open issues in it;
// labels need the right to push (https://docs.github.com/rest/issues/issues#create-an-issue).
func (r *report) tokenRights(repository github.Repository, token Secret) {
	if repository.Push {
		r.good("the account may write issues and set labels")
	} else {
		r.warn("the account may write issues, but not set labels: GitHub leaves them out")
		r.next("Give it the role Write in the repository.")
	}
	if strings.HasPrefix(token.Reveal(), "github_pat_") {
		r.note("a fine-grained token also needs the permission Issues (read and write); GitHub doesn't say whether this one has it")
	}
}

// installation checks the rights of the App where it is installed.
func (r *report) installation(ctx context.Context, baseURL, repository string, app github.App) {
	installation, err := findInstallation(ctx, baseURL, repository, app)
	if err != nil {
		r.warn("the App's permissions can't be read: %s", withoutAddress(err))
		return
	}
	if installation.GetID() != app.InstallationID {
		r.miss("GITHUB_APP_INSTALLATION_ID is %d, but at this repository the App's installation is %d", app.InstallationID, installation.GetID())
		return
	}
	if installation.GetPermissions().GetIssues() != "write" {
		r.miss("the App may not write issues")
		r.next("Give it the repository permission Issues (read and write), and accept that at the installation.")
		return
	}
	r.good("the App may write issues and set labels")
}

// findInstallation asks as the App itself, which the bot never needs to do otherwise.
func findInstallation(ctx context.Context, baseURL, repository string, app github.App) (*gogithub.Installation, error) {
	client := integrations.HTTPClient()
	signed, err := ghinstallation.NewAppsTransportKeyFromFile(http.DefaultTransport, app.ID, app.KeyFile)
	if err != nil {
		return nil, err
	}
	client.Transport = signed
	api := gogithub.NewClient(client)
	if api.BaseURL, err = url.Parse(baseURL); err != nil {
		return nil, err
	}
	owner, name, _ := strings.Cut(repository, "/")
	installation, _, err := api.Apps.FindRepositoryInstallation(ctx, owner, name)
	return installation, err
}

// withoutAddress is the reason of a failed call without the address called.
func withoutAddress(err error) string {
	var answered *gogithub.ErrorResponse
	if errors.As(err, &answered) {
		return fmt.Sprintf("%d (%s)", answered.Response.StatusCode, answered.Message)
	}
	return integrations.Unanswered("github", err, false).Err.Error()
}

// How far this machine's clock may be off: an App signs its requests as of 30 s ago, for two minutes
// (ghinstallation v2.12.0), and GitHub refuses them before and after that.
const (
	maxAhead  = 30 * time.Second
	maxBehind = 90 * time.Second
	maxOff    = 10 * time.Second // more deserves a word
)

// clock compares the clock with GitHub's.
func (r *report) clock(ctx context.Context, baseURL string) {
	theirs, err := dateOf(ctx, baseURL)
	if err != nil {
		return // that GitHub can't be reached is told next
	}
	ahead := time.Since(theirs).Truncate(time.Second)
	switch {
	case ahead > maxAhead || ahead < -maxBehind:
		r.miss("clock: this machine is %s GitHub, which will refuse the App", apart(ahead))
		r.next("Set the clock, best with NTP.")
	case ahead.Abs() > maxOff:
		r.warn("clock: this machine is %s GitHub; the App works until %s ahead or %s behind", apart(ahead), maxAhead, maxBehind)
	default:
		r.good("clock: agrees with GitHub's")
	}
}

func apart(ahead time.Duration) string {
	if ahead < 0 {
		return ahead.Abs().String() + " behind"
	}
	return ahead.String() + " ahead of"
}

// dateOf returns the time at a server, by the header of whatever it answers.
func dateOf(ctx context.Context, address string) (time.Time, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return time.Time{}, err
	}
	resp, err := integrations.HTTPClient().Do(req)
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	return http.ParseTime(resp.Header.Get("Date"))
}
