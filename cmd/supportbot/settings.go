package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/handlers/support"
)

// Settings is what the settings file says, with defaults filled in and every value checked. Secrets are never
// part of it, so it may be logged.
type Settings struct {
	Mode    bot.Mode // of everything that has no mode of its own
	Slack   SlackSettings
	GitHub  GitHubSettings
	Store   StoreSettings
	Limits  LimitSettings
	HTTP    HTTPSettings
	Log     LogSettings
	Support SupportSettings

	Since time.Time // of the command line: look back to then; zero for going on where the last run ended
}

// SlackSettings says which workspace the bot serves and how.
type SlackSettings struct {
	APIURL       string                 // ends in a slash
	SupportGroup string                 // id of the user group that people mention
	OpsChannel   string                 // id of the channel for alarms; empty for the log only
	Sockets      int                    // connections held open
	Settle       time.Duration          // after this a post that will land has landed
	Join         Join                   // channels by itself
	CatchUpDays  int                    // so far back threads are looked at for replies that were missed
	Sweep        time.Duration          // within it each channel is read back once, even if nothing seems to be missing; 0 is never
	Bots         map[string]BotSettings // by bot id: bots whose posts open tickets
	Shared       []string               // ids of channels shared with other companies that are listened to
}

// A Join says which channels the bot joins by itself.
type Join string

// The values of Join.
const (
	JoinPublic Join = "public" // all public ones that are not shared with other companies
	JoinNone   Join = "none"   // it waits for invitations
)

// BotSettings is about one bot whose posts open tickets.
type BotSettings struct {
	TicketsPer10Minutes int // 0 is no limit
}

// GitHubSettings says where issues go.
type GitHubSettings struct {
	BaseURL    string // of the REST API, ends in a slash
	Repository string // owner/name
	Settle     time.Duration
}

// StoreSettings says where the bot keeps what it knows.
type StoreSettings struct {
	Path string // of the database file, relative to the working directory
}

// LimitSettings are limits of the services, and one of ours. 0 is no limit.
type LimitSettings struct {
	GitHubWritesPerMinute         int
	GitHubCreationsPerHour        int
	SlackPostsPerChannelPerMinute int
	TicketsPerSenderPer10Minutes  int
}

// HTTPSettings says where operators can ask the bot how it is.
type HTTPSettings struct {
	Listen string // host:port of /healthz, /readyz and /metrics
}

// LogSettings says how the log is written.
type LogSettings struct {
	Format string // text or json
}

// SupportSettings is about the handler of support requests.
type SupportSettings struct {
	Mode         bot.Mode
	Private      support.Private // what becomes of text from private talk
	SafeHandover Localized       // how to hand over a secret, shown to whoever posted one
}

// Localized is a text in the languages that the bot speaks.
type Localized struct {
	EN string
	JA string
}

func defaultSettings() Settings {
	return Settings{
		Mode:   bot.Live,
		Slack:  SlackSettings{APIURL: "https://slack.com/api/", Sockets: 2, Settle: 3 * time.Second, Join: JoinPublic, CatchUpDays: 14, Sweep: time.Hour},
		GitHub: GitHubSettings{BaseURL: "https://api.github.com/", Settle: 10 * time.Second},
		Store:  StoreSettings{Path: "supportbot.db"},
		Limits: LimitSettings{
			GitHubWritesPerMinute:         55,
			GitHubCreationsPerHour:        500,
			SlackPostsPerChannelPerMinute: 60,
			TicketsPerSenderPer10Minutes:  10,
		},
		HTTP: HTTPSettings{Listen: "127.0.0.1:8080"},
		Log:  LogSettings{Format: "text"},
		Support: SupportSettings{Private: support.Ask, SafeHandover: Localized{
			EN: "Ask the support team; they have a safe place for it. Please don't send it again here.",
			JA: "サポートチームがご案内しますので、ここには送り直さずにお尋ねください。",
		}},
	}
}

// fields lists every setting by its full name, with how its value is checked and kept in s.
func (s *Settings) fields() map[string]field {
	return map[string]field{
		"mode": mode(&s.Mode),

		"slack.api_url":         address(&s.Slack.APIURL, "https://slack.com/api/"),
		"slack.support_group":   text(&s.Slack.SupportGroup, matches(groupID, "the id of a user group, such as S0123456789")),
		"slack.ops_channel":     text(&s.Slack.OpsChannel, matches(channelID, "the id of a channel, such as C0123456789")),
		"slack.sockets":         count(&s.Slack.Sockets, 2, 10),
		"slack.settle":          duration(&s.Slack.Settle, maxSettle),
		"slack.join":            text((*string)(&s.Slack.Join), oneOf(string(JoinPublic), string(JoinNone))),
		"slack.catch_up_days":   count(&s.Slack.CatchUpDays, 1, 365),
		"slack.sweep":           duration(&s.Slack.Sweep, maxSweep),
		"slack.bots":            bots(&s.Slack.Bots),
		"slack.shared_channels": channels(&s.Slack.Shared),

		"github.base_url":   address(&s.GitHub.BaseURL, "https://api.github.com/, or https://host/api/v3/ for GitHub Enterprise"),
		"github.repository": text(&s.GitHub.Repository, repositoryName),
		"github.settle":     duration(&s.GitHub.Settle, maxSettle),

		"store.path": text(&s.Store.Path, filePath),

		"limits.github_writes_per_minute":           count(&s.Limits.GitHubWritesPerMinute, 0, maxLimit),
		"limits.github_creations_per_hour":          count(&s.Limits.GitHubCreationsPerHour, 0, maxLimit),
		"limits.slack_posts_per_channel_per_minute": count(&s.Limits.SlackPostsPerChannelPerMinute, 0, maxLimit),
		"limits.tickets_per_sender_per_10_minutes":  count(&s.Limits.TicketsPerSenderPer10Minutes, 0, maxLimit),

		"http.listen": text(&s.HTTP.Listen, listenAddress),
		"log.format":  text(&s.Log.Format, oneOf("text", "json")),

		"support.mode":             mode(&s.Support.Mode),
		"support.private":          text((*string)(&s.Support.Private), oneOf(string(support.Ask), string(support.LinkOnly), string(support.Full))),
		"support.safe_handover.en": text(&s.Support.SafeHandover.EN, paragraph),
		"support.safe_handover.ja": text(&s.Support.SafeHandover.JA, paragraph),
	}
}

// required are the settings that have no default.
var required = [...]struct{ name, what string }{
	{"slack.support_group", "the id of the user group that people mention, such as S0123456789"},
	{"github.repository", "where issues go, as owner/name"},
}

// maxLimit is far above what any service allows; more is a slip of the hand.
const maxLimit = 1_000_000

var (
	groupID    = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)
	channelID  = regexp.MustCompile(`^[CG][A-Z0-9]{2,20}$`)
	botID      = regexp.MustCompile(`^B[A-Z0-9]{2,20}$`)
	repository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}(_[A-Za-z0-9]+)?/[A-Za-z0-9._-]{1,100}$`)
)

func repositoryName(value string) (string, error) {
	_, name, _ := strings.Cut(value, "/")
	if !repository.MatchString(value) || name == "." || name == ".." || strings.HasSuffix(name, ".git") {
		return "", fmt.Errorf("must be owner/name, such as acme/analytics-support, not %s", quoted(value))
	}
	return value, nil
}

func mode(into *bot.Mode) field {
	return text((*string)(into), oneOf(string(bot.Live), string(bot.Observe)))
}

func matches(pattern *regexp.Regexp, want string) check {
	return func(value string) (string, error) {
		if !pattern.MatchString(value) {
			return "", fmt.Errorf("must be %s, not %s", want, quoted(value))
		}
		return value, nil
	}
}

func oneOf(choices ...string) check {
	return func(value string) (string, error) {
		for _, c := range choices {
			if value == c {
				return value, nil
			}
		}
		last := len(choices) - 1
		return "", fmt.Errorf("must be %s or %s, not %s", strings.Join(choices[:last], ", "), choices[last], quoted(value))
	}
}

// address takes the base address of a service and makes it end in a slash.
func address(into *string, example string) field {
	return text(into, func(value string) (string, error) {
		u, err := url.Parse(value)
		switch {
		case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "":
			return "", fmt.Errorf("must be a whole address, such as %s", example)
		case u.User != nil:
			return "", errors.New("must not hold a user or a password")
		case !isPort(u.Port()):
			return "", fmt.Errorf("must have a port from 1 to 65535 or none, not %s", quoted(u.Port()))
		case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return "", errors.New("must end with the path, without ? or #")
		}
		return strings.TrimRight(u.String(), "/") + "/", nil
	})
}

// isPort says whether the port of an address can be called; empty is that of its scheme.
func isPort(port string) bool {
	n, err := strconv.Atoi(port)
	return port == "" || err == nil && n > 0 && n <= 65535
}

func listenAddress(value string) (string, error) {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return "", fmt.Errorf("must be host:port, such as 127.0.0.1:8080, not %s", quoted(value))
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("must end in a port from 0 to 65535, not %s", quoted(port))
	}
	return value, nil
}

func filePath(value string) (string, error) {
	if strings.HasPrefix(value, "file:") || strings.Contains(value, "\n") || value == ":memory:" {
		return "", fmt.Errorf("must be the path of a file on a local disk, not %s", quoted(value))
	}
	return value, nil
}

// maxParagraph leaves room for the rest of the message that it is shown in.
const maxParagraph = 1000

func paragraph(value string) (string, error) {
	if n := len([]rune(value)); n > maxParagraph {
		return "", fmt.Errorf("has %d characters; at most %d fit into the message", n, maxParagraph)
	}
	return value, nil
}

// maxSweep is so long that a longer one would be none.
const maxSweep = 168 * time.Hour

// maxSettle keeps a slip such as 10h from stopping all recovery.
const maxSettle = 10 * time.Minute
