package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
	"time"
	"unicode"

	"supportbot/bot"
	"supportbot/integrations"
)

type checkCmd struct {
	configFlag
}

// Help tells of what the command line's own line has no room for.
func (checkCmd) Help() string {
	return `It reads only: nothing is written at Slack, at GitHub or in the database. Secrets come from the environment (SLACK_APP_TOKEN, SLACK_BOT_TOKEN, and GITHUB_TOKEN or GITHUB_APP_ID, GITHUB_APP_INSTALLATION_ID and GITHUB_APP_PRIVATE_KEY), or from files named there (SLACK_BOT_TOKEN_FILE and so on).

Each line begins with ✓ for what is in order, ✗ for what the bot can't do without, ! for what you may want to change, · for what is good to know. Exit status 1 if there is a ✗.`
}

// checkTimeout is for all of check; each call has a shorter one of its own.
const checkTimeout = time.Minute

// Run checks everything that can be checked, also if something before it is wrong.
func (c checkCmd) Run(ctx context.Context, e *environment) error {
	r := &report{w: e.stdout}
	ctx, stop := context.WithTimeout(ctx, checkTimeout)
	defer stop()
	settings, ok := r.settings(c.Config)
	secrets, err := LoadSecrets(e.getenv)
	r.secrets(err)
	if ok {
		r.slack(ctx, settings, secrets)
		r.github(ctx, settings, secrets)
		r.store(settings.Store)
		r.listen(settings)
	}
	r.sum()
	if r.missing > 0 {
		return reported(exitFailed)
	}
	return nil
}

// A report prints what was found and counts it.
type report struct {
	w        io.Writer
	sections int
	missing  int // what the bot can't do without
	warnings int
}

func (r *report) section(title string) {
	if r.sections++; r.sections > 1 {
		fmt.Fprintln(r.w)
	}
	fmt.Fprintln(r.w, printable(title))
}

func (r *report) line(mark, format string, args ...any) {
	fmt.Fprintf(r.w, "  %s %s\n", mark, printable(fmt.Sprintf(format, args...)))
}

// good tells of what is in order.
func (r *report) good(format string, args ...any) { r.line("✓", format, args...) }

// note tells of what is good to know.
func (r *report) note(format string, args ...any) { r.line("·", format, args...) }

// warn tells of what works but may not be meant.
func (r *report) warn(format string, args ...any) {
	r.warnings++
	r.line("!", format, args...)
}

// miss tells of what the bot can't do without.
func (r *report) miss(format string, args ...any) {
	r.missing++
	r.line("✗", format, args...)
}

// next says what to do about the line before.
func (r *report) next(format string, args ...any) {
	fmt.Fprintf(r.w, "      %s\n", printable(fmt.Sprintf(format, args...)))
}

func (r *report) sum() {
	fmt.Fprintln(r.w)
	switch {
	case r.missing > 0:
		fmt.Fprintf(r.w, "Not ready: %s (✗), %s (!).\n", plural(r.missing, "thing to mend", "things to mend"), plural(r.warnings, "warning", "warnings"))
	case r.warnings > 0:
		fmt.Fprintf(r.w, "Ready, with %s (!).\n", plural(r.warnings, "warning", "warnings"))
	default:
		fmt.Fprintln(r.w, "Ready.")
	}
}

// listen tries to listen where health and metrics are served, as run will. A bot that runs on the database does already.
func (r *report) listen(s Settings) {
	address := s.HTTP.Listen
	r.section("Health and metrics, " + address)
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		_ = listener.Close()
		r.good("the bot can listen there")
	case errors.Is(err, syscall.EADDRINUSE) && isLocked(s.Store.Path+".lock"):
		r.warn("http.listen: %s is in use, perhaps by the running bot", address)
	default:
		r.miss("%v", notListening("http.listen", address, err))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// printable keeps names that people chose from steering the terminal.
func printable(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsGraphic(c) {
			return c
		}
		return unicode.ReplacementChar
	}, s)
}

// settings checks the settings file and says whether it can be used.
func (r *report) settings(path string) (Settings, bool) {
	r.section("Settings")
	s, err := LoadSettings(path)
	var wrong *SettingsError
	if errors.As(err, &wrong) {
		for _, p := range strings.Split(wrong.Error(), "\n") {
			r.miss("%s", p)
		}
		return Settings{}, false
	}
	r.good("%s", path)
	r.modes(s)
	for _, service := range []struct{ name, address string }{{"slack.api_url", s.Slack.APIURL}, {"github.base_url", s.GitHub.BaseURL}} {
		if u, err := url.Parse(service.address); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
			r.warn("%s is http: the token can be read on the way", service.name)
			r.next("Use https if the server has it.")
		}
	}
	return s, true
}

func (r *report) modes(s Settings) {
	switch {
	case s.Support.Mode == bot.Observe:
		r.note("mode is observe: the bot reads and stores, and writes nothing to Slack or GitHub")
	case s.Mode == bot.Observe:
		r.note("mode is observe, but live for support: it does answer requests")
	default:
		r.note("mode is live: the bot opens issues and answers")
	}
}

// secrets tells what is wrong with them; the services are checked with those that are there.
func (r *report) secrets(err error) {
	r.section("Secrets")
	if err == nil {
		r.good("all are set")
		return
	}
	for _, p := range strings.Split(err.Error(), "\n") {
		r.miss("%s", p)
	}
}

// vital tells of a failed call of a method that the bot can't do without, also at a server that only resembles Slack's.
func (r *report) vital(err error, what string) {
	if integrations.AsError(err).Code == integrations.UnknownMethod {
		r.miss("%s: this server doesn't know the method, and the bot can't run without it", what)
		return
	}
	r.failed(err, what)
}

// failed tells of a call that failed: what couldn't be checked, and what to do.
func (r *report) failed(err error, what string) {
	e := integrations.AsError(err)
	switch {
	case e.Code == integrations.UnknownMethod:
		r.warn("%s: can't be checked, since this server doesn't know the method; what rests on it won't work", what)
	case e.Failure == integrations.Limited:
		r.warn("%s: can't be checked now, since the service wants fewer calls", what)
		r.next("Try again in %s.", max(e.After, time.Second))
	default:
		r.miss("%s: %s", what, reason(e))
		if step := nextStep(e); step != "" {
			r.next("%s", step)
		}
	}
}

func reason(e *integrations.Error) string {
	if e.Err != nil {
		return fmt.Sprintf("%s (%v)", e.Code, e.Err)
	}
	return e.Code
}

// nextStep says what to do about a failed call; empty if its reason says it all.
func nextStep(e *integrations.Error) string {
	switch e.Code {
	case "invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive", "not_allowed_token_type", "401":
		return "Copy the token or key again from where it was made; if the app was removed, install it again. A running bot takes a new one at its next start."
	case "missing_scope":
		return "Add the scope under OAuth & Permissions, then install the app again."
	case "404":
		return "Is the address in the settings right?"
	}
	if e.Failure == integrations.Unreachable || e.Failure == integrations.Unknown {
		return "Is the address in the settings right, and may this machine reach it (proxy, firewall)?"
	}
	return ""
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
