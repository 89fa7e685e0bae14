package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"supportbot/integrations/sandbox"
)

// A world is the stand-ins of Slack and GitHub, with a small company in them, and what the bot needs to run
// there.
type world struct {
	clock    *sandbox.Clock
	slack    *sandbox.Slack
	github   *sandbox.GitHub
	settings Settings
	secrets  Secrets
}

// Ids of the company's support group and channels.
const (
	supportGroup = "S0SUPPORT"
	helpChannel  = "C0HELP"
	opsChannel   = "C0OPS"
)

// newWorld starts the stand-ins. The bot's database is to be in dir.
func newWorld(clock *sandbox.Clock, dir string) *world {
	w := &world{
		clock:  clock,
		slack:  sandbox.NewSlack(sandbox.SlackOptions{Clock: clock, Scopes: scopes(), Events: events()}),
		github: sandbox.NewGitHub(sandbox.GitHubOptions{Clock: clock, Repository: "acme/analytics-support", CanPush: true}),
	}
	w.settle()
	w.settings = defaultSettings()
	w.settings.Mode, w.settings.Support.Mode = Live, Live
	w.settings.Slack.APIURL, w.settings.Slack.SupportGroup, w.settings.Slack.OpsChannel = w.slack.URL(), supportGroup, opsChannel
	w.settings.GitHub.BaseURL, w.settings.GitHub.Repository = w.github.URL(), "acme/analytics-support"
	w.settings.Store.Path = filepath.Join(dir, "supportbot.db")
	w.settings.HTTP.Listen = "127.0.0.1:0"
	w.secrets = Secrets{
		SlackApp: NewSecret(w.slack.AppToken()), SlackBot: NewSecret(w.slack.BotToken()), GitHubToken: NewSecret(w.github.Token()),
	}
	return w
}

// settle puts people and channels into the company: a data-platform team and those whom it supports.
func (w *world) settle() {
	for _, p := range []sandbox.Person{
		{ID: "U0KENJI", Name: "kenji", DisplayName: "Kenji Mori", Locale: "ja-JP"},
		{ID: "U0MIA", Name: "mia", DisplayName: "Mia Lindqvist", Locale: "en-GB"},
		{ID: "U0ALICE", Name: "alice", DisplayName: "Alice Novak", Locale: "en-US"},
		{ID: "U0AYA", Name: "aya", DisplayName: "田中 彩", Locale: "ja-JP"},
		{ID: "U0BEN", Name: "ben", DisplayName: "Ben Okafor", Locale: "en-US"},
	} {
		w.slack.AddPerson(p)
	}
	members := []string{"U0KENJI", "U0MIA", "U0ALICE", "U0AYA", "U0BEN", w.slack.BotUserID()}
	for _, c := range []sandbox.Channel{
		{ID: helpChannel, Name: "help-data"},
		{ID: "C0GAMES", Name: "game-analytics"},
		{ID: opsChannel, Name: "data-platform-ops"},
		{ID: "C0PARTNER", Name: "partner-studio", ExtShared: true},
		{ID: "C0SECRET", Name: "new-title", Private: true},
	} {
		c.Members = members
		w.slack.AddChannel(c)
	}
	w.slack.AddGroup(sandbox.Group{ID: supportGroup, Handle: "support", Name: "Data platform support", Members: []string{"U0KENJI", "U0MIA"}})
}

// scopes and events are what the manifest asks for.
func scopes() (names []string) {
	for _, a := range asks(needs()) {
		names = append(names, a.scope)
	}
	return names
}

func events() (names []string) {
	for _, a := range asks(needs()) {
		names = append(names, a.events...)
	}
	return names
}

// bot returns the bot of this world.
func (w *world) bot(ctx context.Context, log *slog.Logger) (*app, error) {
	a, err := newApp(ctx, w.settings, w.secrets, w.clock, log)
	if err != nil {
		return nil, fmt.Errorf("start the bot: %w", err)
	}
	return a, nil
}

func (w *world) close() {
	w.slack.Close()
	w.github.Close()
}
