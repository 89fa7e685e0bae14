package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"supportbot/bot"
	"supportbot/integrations/sandbox"
	"supportbot/integrations/sandbox/page"
)

// A world is the stand-ins of Slack and GitHub, with a small company in them, and what the bot needs to run
// there.
type world struct {
	clock    *sandbox.Clock
	slack    *sandbox.Slack
	github   *sandbox.GitHub
	company  company
	settings Settings
	secrets  Secrets
}

//go:embed world.yml
var defaultWorld []byte

// A company is what a file such as world.yml says.
type company struct {
	Company      string        `yaml:"company"`
	Repository   string        `yaml:"repository"`
	SupportGroup string        `yaml:"support_group"`
	OpsChannel   string        `yaml:"ops_channel"`
	Begin        saying        `yaml:"begin"`
	People       []person      `yaml:"people"`
	Groups       []group       `yaml:"groups"`
	Channels     []channel     `yaml:"channels"`
	History      []saying      `yaml:"history"`
	Guide        []guideToStep `yaml:"guide"`
}

type person struct {
	ID          string    `yaml:"id"`
	Name        string    `yaml:"name"`
	DisplayName string    `yaml:"display_name"`
	Locale      string    `yaml:"locale"`
	TZ          string    `yaml:"tz"`
	Role        page.Text `yaml:"role"`
}

type group struct {
	ID      string   `yaml:"id"`
	Handle  string   `yaml:"handle"`
	Name    string   `yaml:"name"`
	Members []string `yaml:"members"`
}

type channel struct {
	ID      string    `yaml:"id"`
	Name    string    `yaml:"name"`
	Topic   page.Text `yaml:"topic"`
	Private bool      `yaml:"private"`
	Shared  bool      `yaml:"shared"`
	Members []string  `yaml:"members"`
}

// A saying is a message of the history: Ago before the start, or After the message that it answers.
type saying struct {
	Ago       time.Duration       `yaml:"ago"`
	After     time.Duration       `yaml:"after"`
	As        string              `yaml:"as"`
	In        string              `yaml:"in"`
	Text      string              `yaml:"text"`
	Replies   []saying            `yaml:"replies"`
	Reactions map[string][]string `yaml:"reactions"`
}

type guideToStep struct {
	Title page.Text `yaml:"title"`
	As    string    `yaml:"as"`
	In    string    `yaml:"in"`
	Say   page.Text `yaml:"say"`
	Tab   string    `yaml:"tab"`
	See   page.Text `yaml:"see"`
}

// readCompany reads a file such as world.yml; without a path it is that.
func readCompany(path string) (company, error) {
	if path == "" {
		return parseCompany(defaultWorld)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return company{}, usageError{fmt.Errorf("--world: %s can't be read: %w", quoted(path), errors.Unwrap(err))}
	}
	c, err := parseCompany(text)
	if err != nil {
		return company{}, usageError{fmt.Errorf("%s: %w", path, err)}
	}
	return c, nil
}

func parseCompany(text []byte) (company, error) {
	var c company
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return company{}, err
	}
	return c, c.check()
}

// check says who and what is named that isn't there.
func (c company) check() error {
	people, channels, groups := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range c.People {
		people[p.Name] = true
	}
	for _, ch := range c.Channels {
		channels[ch.Name] = true
	}
	for _, g := range c.Groups {
		groups[g.Handle] = true
	}
	var problems []error
	person := func(where, name string) {
		if !people[name] {
			problems = append(problems, fmt.Errorf("%s: there is no person named %q", where, name))
		}
	}
	channel := func(where, name string) {
		if !channels[name] {
			problems = append(problems, fmt.Errorf("%s: there is no channel named %q", where, name))
		}
	}
	if !groups[c.SupportGroup] {
		problems = append(problems, fmt.Errorf("support_group: there is no group named %q", c.SupportGroup))
	}
	channel("ops_channel", c.OpsChannel)
	person("begin", c.Begin.As)
	channel("begin", c.Begin.In)
	for _, g := range c.Groups {
		for _, m := range g.Members {
			person("group "+g.Handle, m)
		}
	}
	for _, ch := range c.Channels {
		for _, m := range ch.Members {
			person("channel "+ch.Name, m)
		}
	}
	for _, h := range c.History {
		channel("history", h.In)
		for _, said := range append([]saying{h}, h.Replies...) {
			person("history", said.As)
		}
		for _, who := range h.Reactions {
			for _, name := range who {
				person("history", name)
			}
		}
	}
	for _, s := range c.Guide {
		person("guide", s.As)
		channel("guide", s.In)
		if !slices.Contains([]string{"", "github", "inside"}, s.Tab) {
			problems = append(problems, fmt.Errorf("guide: there is no tab %q", s.Tab))
		}
	}
	return errors.Join(problems...)
}

// people lists everybody by name.
func (c company) people() string {
	var names []string
	for _, p := range c.People {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// channels lists the channels by name.
func (c company) channels() string {
	var names []string
	for _, ch := range c.Channels {
		names = append(names, ch.Name)
	}
	return strings.Join(names, ", ")
}

// newWorld starts the stand-ins with the company of world.yml. The bot's database is to be in dir.
func newWorld(clock *sandbox.Clock, dir string) *world {
	c, err := parseCompany(defaultWorld)
	if err != nil {
		panic(err) // a part of the program, and tested
	}
	return worldWith(c, clock, dir)
}

// worldWith starts the stand-ins with a company, without its history.
func worldWith(c company, clock *sandbox.Clock, dir string) *world {
	w := &world{
		clock:   clock,
		company: c,
		slack:   sandbox.NewSlack(sandbox.SlackOptions{Clock: clock, Scopes: scopes(), Events: events()}),
		github:  sandbox.NewGitHub(sandbox.GitHubOptions{Clock: clock, Repository: c.Repository, CanPush: true}),
	}
	w.settle()
	w.settings = defaultSettings()
	w.settings.Mode, w.settings.Support.Mode = bot.Live, bot.Live
	w.settings.Slack.APIURL, w.settings.Slack.SupportGroup = w.slack.URL(), w.id("@"+c.SupportGroup)
	w.settings.Slack.OpsChannel = w.id("#" + c.OpsChannel)
	w.settings.GitHub.BaseURL, w.settings.GitHub.Repository = w.github.URL(), c.Repository
	w.settings.Store.Path = filepath.Join(dir, "supportbot.db")
	w.settings.HTTP.Listen = "127.0.0.1:0"
	w.secrets = Secrets{
		SlackApp: NewSecret(w.slack.AppToken()), SlackBot: NewSecret(w.slack.BotToken()), GitHubToken: NewSecret(w.github.Token()),
	}
	return w
}

// id is that of somebody or something that check has found to be there.
func (w *world) id(handle string) string {
	id, err := w.slack.Find(handle)
	if err != nil {
		panic(err)
	}
	return id
}

func (w *world) ids(names []string) (ids []string) {
	for _, n := range names {
		ids = append(ids, w.id("@"+n))
	}
	return ids
}

// settle puts people and channels into the company.
func (w *world) settle() {
	var everybody []string
	for _, p := range w.company.People {
		everybody = append(everybody, p.Name)
		w.slack.AddPerson(sandbox.Person{ID: p.ID, Name: p.Name, DisplayName: p.DisplayName, Locale: p.Locale, TZ: p.TZ})
	}
	for _, c := range w.company.Channels {
		members := everybody
		if len(c.Members) > 0 {
			members = c.Members
		}
		w.slack.AddChannel(sandbox.Channel{
			ID: c.ID, Name: c.Name, Private: c.Private, ExtShared: c.Shared, Members: append(w.ids(members), w.slack.BotUserID()),
		})
	}
	for _, g := range w.company.Groups {
		w.slack.AddGroup(sandbox.Group{ID: g.ID, Handle: g.Handle, Name: g.Name, Members: w.ids(g.Members)})
	}
}

// recall has people say what they said before the bot came, so that it hears nothing of it.
func (w *world) recall() {
	for _, c := range w.slack.Channels() {
		with := c
		c.Members = slices.DeleteFunc(slices.Clone(c.Members), func(id string) bool { return id == w.slack.BotUserID() })
		w.slack.AddChannel(c)
		defer w.slack.AddChannel(with)
	}
	now, said := w.clock.Now(), map[int]string{}
	for n, h := range w.company.History {
		channel, at := w.id("#"+h.In), now.Add(-h.Ago)
		ts := w.slack.Post(sandbox.Post{Channel: channel, User: w.id("@" + h.As), Text: h.Text, At: at})
		for _, r := range h.Replies {
			w.slack.Post(sandbox.Post{Channel: channel, User: w.id("@" + r.As), Text: r.Text, ThreadTS: ts, At: at.Add(r.After)})
		}
		said[n] = ts
	}
	for n, h := range w.company.History { // reactions are given now, so after all that was said
		for emoji, who := range h.Reactions {
			for _, id := range w.ids(who) {
				w.slack.React(id, w.id("#"+h.In), said[n], emoji)
			}
		}
	}
}

// shown is the company as the page tells of it.
func (w *world) shown() page.World {
	c := w.company
	shown := page.World{
		Company: c.Company, Person: w.id("@" + c.Begin.As), Channel: w.id("#" + c.Begin.In),
		Roles: map[string]page.Text{}, Topics: map[string]page.Text{},
	}
	for _, p := range c.People {
		shown.Roles[w.id("@"+p.Name)] = p.Role
	}
	for _, ch := range c.Channels {
		shown.Topics[w.id("#"+ch.Name)] = ch.Topic
	}
	for _, s := range c.Guide {
		shown.Guide = append(shown.Guide, page.Step{
			Title: s.Title, See: s.See, As: w.id("@" + s.As), In: w.id("#" + s.In), Say: s.Say, Tab: s.Tab,
		})
	}
	return shown
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
