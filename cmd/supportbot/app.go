package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"supportbot/bot"
	"supportbot/handlers/alarm"
	"supportbot/handlers/support"
	"supportbot/integrations"
	"supportbot/integrations/github"
	"supportbot/integrations/redact"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// A clock is the time of everything in an app.
type clock interface {
	Now() time.Time
	After(time.Duration) <-chan time.Time
}

type realClock struct{}

func (realClock) Now() time.Time                         { return time.Now() }
func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

// An app is the whole bot: the machine, its handlers and services, and its store.
type app struct {
	settings Settings
	store    *store.DB
	slack    *slack.Client
	machine  *bot.Machine
	joined   atomic.Pointer[bot.Machine] // the same, for those who ask before it is there
	metrics  *prometheus.Registry
	address  string // of health and metrics, once served
	log      *slog.Logger
}

// newApp opens the database and joins the parts. Close the app after use.
func newApp(ctx context.Context, settings Settings, secrets Secrets, c clock, log *slog.Logger) (*app, error) {
	a, err := openApp(settings, c, log)
	if err != nil {
		return nil, err
	}
	if err := a.join(ctx, secrets, c); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

// openApp opens the database. What the app does else takes a join.
func openApp(settings Settings, c clock, log *slog.Logger) (*app, error) {
	db, err := store.Open(settings.Store.Path, c.Now)
	if err != nil {
		return nil, err
	}
	return &app{settings: settings, store: db, metrics: prometheus.NewRegistry(), log: log}, nil
}

// join joins the parts. It asks Slack who the bot is, for as long as that takes.
func (a *app) join(ctx context.Context, secrets Secrets, c clock) error {
	redactor, err := redact.New()
	if err != nil {
		return err
	}
	a.slack = slack.New(slack.Config{
		APIURL: a.settings.Slack.APIURL, BotToken: secrets.SlackBot.Reveal(), AppToken: secrets.SlackApp.Reveal(),
	})
	hub, err := github.New(githubConfig(a.settings, secrets, c.Now))
	if err != nil {
		return err
	}
	us, err := identify(ctx, a.slack, c, a.log)
	if err != nil {
		return err
	}
	list, err := handlers(a.settings, us)
	if err != nil {
		return err
	}
	a.machine, err = bot.New(bot.Options{
		Store: a.store, Handlers: list, Redactor: redactor, Now: c.Now, After: c.After, Log: a.log,
		Services: services(a.settings, a.slack, hub, redactor), Slack: a.slack,
		CatchUp: bot.CatchUp{
			Days: a.settings.Slack.CatchUpDays, Sweep: a.settings.Slack.Sweep, Since: a.settings.Since,
			Join: a.settings.Slack.Join == JoinPublic && a.settings.Mode == bot.Live,
		},
		Identity: bot.Identity{Team: us.TeamID, User: us.UserID, Bot: us.BotID, Group: a.settings.Slack.SupportGroup},
		Metrics:  bot.NewMetrics(a.metrics, a.store),
	})
	if err != nil {
		return err
	}
	a.joined.Store(a.machine)
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return nil
}

// githubConfig says which repository to write to, and as whom.
func githubConfig(settings Settings, secrets Secrets, now func() time.Time) github.Config {
	return github.Config{
		BaseURL: settings.GitHub.BaseURL, Repository: settings.GitHub.Repository,
		Token: secrets.GitHubToken.Reveal(), App: secrets.GitHubApp, Now: now,
	}
}

// handlers is the list of features.
func handlers(settings Settings, us slack.Identity) ([]bot.Handler, error) {
	bots := map[string]int{}
	for id, b := range settings.Slack.Bots {
		bots[id] = b.TicketsPer10Minutes
	}
	tickets, err := support.New(support.Options{
		Mode:  settings.Support.Mode,
		Group: settings.Slack.SupportGroup, BotUser: us.UserID, Workspace: us.WorkspaceURL,
		Limit: settings.Limits.TicketsPerSenderPer10Minutes, Bots: bots,
		Private: settings.Support.Private, Shared: settings.Slack.Shared,
		Handover: support.Handover{English: settings.Support.SafeHandover.EN, Japanese: settings.Support.SafeHandover.JA},
	})
	if err != nil {
		return nil, err
	}
	return []bot.Handler{tickets, alarm.New(settings.Slack.OpsChannel, settings.Mode)}, nil
}

func services(settings Settings, s *slack.Client, g *github.Client, r *redact.Redactor) []integrations.Service {
	chat := s.Service(r, slack.Options{
		PostsPerChannelPerMinute: settings.Limits.SlackPostsPerChannelPerMinute, Settle: settings.Slack.Settle,
	})
	hub := g.Service(r, github.Limits{
		WritesPerMinute:  settings.Limits.GitHubWritesPerMinute,
		CreationsPerHour: settings.Limits.GitHubCreationsPerHour,
		Settle:           settings.GitHub.Settle,
	})
	return []integrations.Service{chat, hub}
}

// How long identify waits between two askings, at first and in the end.
const (
	firstAsk = 5 * time.Second
	lastAsk  = time.Minute
)

// identify asks Slack who we are until it answers; an outage delays the start, a useless token ends it, and so does ctx.
func identify(ctx context.Context, client *slack.Client, c clock, log *slog.Logger) (slack.Identity, error) {
	for wait := firstAsk; ; wait = min(2*wait, lastAsk) {
		us, err := client.Identity(ctx)
		failure := integrations.AsError(err)
		switch {
		case err == nil:
			return us, nil
		case failure.Failure == integrations.Locked, failure.Failure == integrations.Rejected:
			return us, fmt.Errorf("the bot token is refused: %s\n%s", reason(failure), cmp.Or(nextStep(failure), "Run supportbot check, which says more."))
		case ctx.Err() != nil:
			return us, ctx.Err()
		}
		log.Warn("Slack does not say who we are; asking again", "error", err)
		select {
		case <-ctx.Done():
			return slack.Identity{}, ctx.Err()
		case <-c.After(max(failure.After, wait)):
		}
	}
}

// run runs the bot until ctx ends and what was in hand is finished.
func (a *app) run(ctx context.Context) error {
	return a.machine.Run(ctx, func(listening context.Context) {
		a.machine.Listen(listening, a.slack, a.settings.Slack.Sockets)
	})
}

// serve answers /healthz, /readyz and /metrics until ctx ends.
func (a *app) serve(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/", a.health)
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{}))
	listener, err := net.Listen("tcp", a.settings.HTTP.Listen)
	if err != nil {
		return notListening("http.listen", a.settings.HTTP.Listen, err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	a.log.Info("serving health and metrics", "address", listener.Addr().String())
	a.address = listener.Addr().String()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("health and metrics are gone", "error", err)
		}
	}()
	return nil
}

// health asks the machine. Before there is one the process lives, and is not ready.
func (a *app) health(w http.ResponseWriter, r *http.Request) {
	switch m := a.joined.Load(); {
	case m != nil:
		m.Health().ServeHTTP(w, r)
	case r.URL.Path == "/healthz":
		fmt.Fprintln(w, "ok")
	default:
		http.Error(w, "Slack has not said yet who the bot is", http.StatusServiceUnavailable)
	}
}

// notListening is the error of a setting or flag that names an address where nobody can listen.
func notListening(name, address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: another program listens at %s; choose another port", name, address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: %s is no address of this machine; choose one that is, such as 127.0.0.1", name, address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s: this user may not listen at %s; choose a port above 1023", name, address)
	}
	return fmt.Errorf("%s: %w", name, err)
}

func (a *app) close() error { return a.store.Close() }
