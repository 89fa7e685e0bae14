package github

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/bradleyfalzon/ghinstallation/v2"

	"supportbot/integrations"
)

// maxHops is how many redirects are followed: a rename takes one.
const maxHops = 5

// A transport puts the token into requests and follows redirects within the API. net/http would turn a POST
// that is answered with 301 into a GET, and would take an issue's transfer for a rename.
type transport struct {
	next       http.RoundTripper
	base       *url.URL
	repository *url.URL
	token      func(context.Context) (string, error) // its error is an *integrations.Error
	last       atomic.Pointer[string]                // token, to keep it out of errors
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.token(r.Context())
	if err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	t.last.Store(&token)
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token)
	for range maxHops {
		resp, err := t.next.RoundTrip(r)
		if err != nil || !isRedirect(resp.StatusCode) {
			return resp, err
		}
		_ = resp.Body.Close()
		if r, err = t.redirected(r, resp); err != nil {
			return nil, err
		}
	}
	return nil, locked("redirected in a circle")
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func locked(code string) *integrations.Error {
	return &integrations.Error{Op: "github", Code: code, Failure: integrations.Locked}
}

// redirected returns r as it is to be sent to where resp points.
func (t *transport) redirected(r *http.Request, resp *http.Response) (*http.Request, error) {
	to, err := r.URL.Parse(resp.Header.Get("Location"))
	if err != nil || to.Scheme != t.base.Scheme || to.Host != t.base.Host {
		return nil, locked("redirected elsewhere") // where the token must not go
	}
	if err := t.sameRepository(r, to); err != nil {
		return nil, err
	}
	next := r.Clone(r.Context())
	next.URL, next.Host = to, to.Host
	if r.GetBody != nil {
		if next.Body, err = r.GetBody(); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// sameRepository checks that a redirect of r goes to our repository under its new name. That of an issue
// which was transferred goes to another repository.
func (t *transport) sameRepository(r *http.Request, to *url.URL) error {
	if !strings.HasPrefix(r.URL.Path, t.repository.Path+"/") {
		return nil
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, t.repository.String(), nil)
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var ours struct {
		ID       int64  `json:"id"`
		FullName string `json:"full_name"`
	}
	if resp.StatusCode != http.StatusOK {
		return locked(strconv.Itoa(resp.StatusCode))
	}
	if err := json.NewDecoder(resp.Body).Decode(&ours); err != nil || ours.ID == 0 {
		return &integrations.Error{Op: "github", Code: "broken answer", Failure: integrations.Unreachable}
	}
	for _, prefix := range []string{"repositories/" + strconv.FormatInt(ours.ID, 10), "repos/" + ours.FullName} {
		if strings.HasPrefix(to.Path, t.base.Path+prefix+"/") {
			return nil
		}
	}
	return &integrations.Error{Op: "github", Code: "transferred", Failure: integrations.Rejected}
}

// installationToken returns the App's token. While it can't be had, nothing is sent.
func installationToken(installation *ghinstallation.Transport) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		own, cancel := detached(ctx)
		defer cancel()
		token, err := installation.Token(own)
		if err != nil {
			return "", tokenError(err)
		}
		return token, nil
	}
}

// detached returns a context that ends with ctx, but does not count as its request being sent.
func detached(ctx context.Context) (context.Context, func()) {
	own, cancel := context.WithCancel(context.Background())
	stop := context.AfterFunc(ctx, cancel)
	return own, func() { stop(); cancel() }
}

func tokenError(err error) *integrations.Error {
	const op = "github: App token"
	var answered *ghinstallation.HTTPError
	if !errors.As(err, &answered) || answered.Response == nil {
		return integrations.Unanswered(op, err, false)
	}
	resp := answered.Response
	_, _ = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	e := &integrations.Error{Op: op, Code: strconv.Itoa(resp.StatusCode), Failure: integrations.Unreachable}
	switch after := integrations.RetryAfter(resp.Header); {
	case resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusForbidden && after > 0:
		e = limited(after)
		e.Op = op
	case resp.StatusCode < http.StatusInternalServerError:
		e.Failure = integrations.Locked
	}
	return e
}
