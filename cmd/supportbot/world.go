package main

import (
	"cmp"
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
		return parseCompany("world.yml", defaultWorld)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return company{}, usageError{fmt.Errorf("--world: %s can't be read: %w", quoted(path), errors.Unwrap(err))}
	}
	c, err := parseCompany(path, text)
	if err != nil {
		return company{}, usageError{err}
	}
	return c, nil
}

// parseCompany reads a company from text. The name is that of the file, for the errors.
func parseCompany(name string, text []byte) (company, error) {
	var c company
	if err := yaml.UnmarshalWithOptions(text, &c, yaml.Strict()); err != nil {
		return company{}, fmt.Errorf("%s: %w", name, err)
	}
	return c, c.check(name)
}

// beginning is the company with another person and place to begin with; empty is those of its file.
func (c company) beginning(as, in string) (company, error) {
	c.Begin.As = cmp.Or(strings.TrimPrefix(as, "@"), c.Begin.As)
	c.Begin.In = cmp.Or(strings.TrimPrefix(in, "#"), c.Begin.In)
	return c, cmp.Or(c.findPerson(c.Begin.As), c.findChannel(c.Begin.In), c.findMember(c.Begin.As, c.Begin.In))
}

// findPerson says who there is, if nobody has the name.
func (c company) findPerson(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("say who: there are %s", c.people())
	case !slices.ContainsFunc(c.People, func(p person) bool { return p.Name == name }):
		return fmt.Errorf("there is no @%s; there are %s", name, c.people())
	}
	return nil
}

// findChannel says which channels there are, if none has the name.
func (c company) findChannel(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("say where: there are %s", c.channels())
	case !slices.ContainsFunc(c.Channels, func(ch channel) bool { return ch.Name == name }):
		return fmt.Errorf("there is no #%s; there are %s", name, c.channels())
	}
	return nil
}

// findMember says so if somebody is not in a channel.
func (c company) findMember(person, name string) error {
	for _, ch := range c.Channels {
		if ch.Name == name && len(ch.Members) > 0 && !slices.Contains(ch.Members, person) {
			return fmt.Errorf("@%s is not in #%s", person, name)
		}
	}
	return nil
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
	c, err := parseCompany("world.yml", defaultWorld)
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
