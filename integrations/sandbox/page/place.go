package page

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/integrations/sandbox"
)

// A place is where a browser is: who somebody is there, and what they look at.
type place struct {
	Tab     string // "slack", "github" or "inside"
	Me      sandbox.Person
	Channel sandbox.Channel
	Thread  string // ts, empty if none is open
	Issue   int    // number, 0 if none is open
	Draft   string // what the composer begins with
	Pane    string // what a narrow window shows: "list", "main" or "side"
	World   World

	slack *sandbox.Slack
	hub   *sandbox.GitHub
	words words
	lang  string
	zone  *time.Location
	today time.Time
	names names
	next  string // where a form leads, if not back
}

var (
	errNobody  = errors.New("there is no such person")
	errNowhere = errors.New("there is no such channel, or you are not in it")
)

// place reads what an address says. Without who and where, it is at the beginning, and without a language in that of
// who one is at first.
func (p *Page) place(tab string, q url.Values) (*place, error) {
	at := &place{Tab: tab, World: p.World, Draft: q.Get("draft"), slack: p.Slack, hub: p.GitHub, words: p.words}
	at.names = namesOf(p.Slack)
	id := q.Get("as")
	if id == "" {
		id = p.World.Person
	}
	me, ok := at.names.people[id]
	if !ok || me.Bot || me.Deleted {
		return nil, errNobody
	}
	at.Me, at.zone = me, zone(me.TZ)
	at.lang = language(cmp.Or(q.Get("lang"), at.names.people[p.World.Person].Locale))
	at.today = p.Clock.Now().In(at.zone)
	at.Pane = "list"
	if err := at.enter(q, p.World.Channel); err != nil {
		return nil, err
	}
	if n, err := strconv.Atoi(q.Get("issue")); err == nil && n > 0 && n <= len(p.GitHub.Issues()) {
		at.Issue, at.Pane = n, "main"
	}
	return at, nil
}

// enter finds the channel and the thread.
func (at *place) enter(q url.Values, first string) error {
	id := q.Get("in")
	switch near := q.Get("near"); {
	case id != "":
		at.Pane = "main"
	case slices.Contains(at.names.channels[near].Members, at.Me.ID):
		id, at.Pane = near, "main"
	case slices.Contains(at.names.channels[first].Members, at.Me.ID):
		id = first
	default:
		id = "bot"
	}
	if id == "bot" {
		id = at.slack.DM(at.Me.ID)
		at.names = namesOf(at.slack)
	}
	c, ok := at.names.channels[id]
	if !ok || !slices.Contains(c.Members, at.Me.ID) {
		return errNowhere
	}
	at.Channel = c
	if ts := q.Get("thread"); ts != "" && len(at.slack.Thread(c.ID, ts)) > 0 {
		at.Thread, at.Pane = ts, "side"
	}
	return nil
}

func language(locale string) string {
	if strings.HasPrefix(locale, "ja") {
		return "ja"
	}
	return "en"
}

func zone(name string) *time.Location {
	place, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return place
}

// T is a word or sentence of the page in the reader's language.
func (at *place) T(key string) string { return at.words.say(at.lang, key) }

// Say is a text of the world in the reader's language.
func (at *place) Say(t Text) string {
	if at.lang == "ja" && t.JA != "" {
		return t.JA
	}
	return t.EN
}

// Lang is the language of the page, for screen readers and fonts.
func (at *place) Lang() string { return at.lang }

// A tongue is a language of the page.
type tongue struct {
	Lang, Name string
	To         string // this place in it
}

// Other is the language that the page is not in.
func (at *place) Other() tongue {
	other := tongue{Lang: "ja", Name: "日本語"}
	if at.lang == "ja" {
		other = tongue{Lang: "en", Name: "English"}
	}
	there := *at
	there.lang = other.Lang
	other.To = there.Here()
	return other
}

// query makes addresses of the page, in the reader's language.
func (at *place) query(tab string, kv ...string) string {
	q := url.Values{"lang": {at.lang}}
	for i := 0; i < len(kv); i += 2 {
		if kv[i+1] != "" {
			q.Set(kv[i], kv[i+1])
		}
	}
	path := "/"
	if tab != "slack" {
		path += tab
	}
	return path + "?" + q.Encode()
}

// Here is this place's address.
func (at *place) Here() string { return at.address(at.Tab) }

func (at *place) address(tab string) string {
	issue := ""
	if at.Issue > 0 {
		issue = strconv.Itoa(at.Issue)
	}
	in := at.Channel.ID
	if at.Pane == "list" && at.Tab == "slack" {
		in = ""
	}
	return at.query(tab, "as", at.Me.ID, "in", in, "thread", at.Thread, "issue", issue)
}

// Live is the address of this place's changes.
func (at *place) Live() string {
	_, q, _ := strings.Cut(at.address(at.Tab), "?")
	return "/live?tab=" + at.Tab + "&" + q
}

// To is the address of another tab for the same person.
func (at *place) To(tab string) string {
	return at.query(tab, "as", at.Me.ID, "in", at.Channel.ID)
}

// In is the address of a channel.
func (at *place) In(channel string) string { return at.query("slack", "as", at.Me.ID, "in", channel) }

// List is the address of the list of channels or issues.
func (at *place) List() string { return at.query(at.Tab, "as", at.Me.ID) }

// InThread is the address of a thread.
func (at *place) InThread(channel, ts string) string {
	return at.query("slack", "as", at.Me.ID, "in", channel, "thread", ts)
}

// AtIssue is the address of an issue.
func (at *place) AtIssue(number int) string {
	return at.query("github", "as", at.Me.ID, "in", at.Channel.ID, "issue", strconv.Itoa(number))
}

// Topic is what a channel is for.
func (at *place) Topic() string { return at.Say(at.World.Topics[at.Channel.ID]) }

// ChannelName is how the channel is called.
func (at *place) ChannelName() string { return at.names.channelLabel(at.Channel, at.Me.ID) }

// Hash stands before the name of what is a channel, and not talk between some people.
func (at *place) Hash() string {
	if at.Channel.IM || at.Channel.MPIM {
		return ""
	}
	return "#"
}

// Others are all to whom one can write, the bot included.
func (at *place) Others() (all []choice) {
	for _, p := range at.names.order {
		if !p.Deleted && p.ID != at.Me.ID {
			all = append(all, choice{Label: p.DisplayName, Value: p.ID})
		}
	}
	return all
}

// People are those whom one can be.
func (at *place) People() (all []choice) {
	for _, p := range at.names.order {
		if p.Bot || p.Deleted || p.External {
			continue
		}
		role := at.Say(at.World.Roles[p.ID])
		label := p.DisplayName
		if role != "" {
			label += " · " + role
		}
		all = append(all, choice{Label: label, Value: p.ID, On: p.ID == at.Me.ID})
	}
	return all
}

// Steps is the guide.
func (at *place) Steps() (steps []step) {
	for n, s := range at.World.Guide {
		say := at.Say(s.Say)
		to := at.query("slack", "as", s.As, "in", s.In, "draft", say)
		if s.Tab != "" {
			to = at.query(s.Tab, "as", s.As, "in", s.In)
		}
		steps = append(steps, step{Number: n + 1, Title: at.Say(s.Title), See: at.Say(s.See), Say: say, To: to})
	}
	return steps
}

// A step of the guide as it is shown.
type step struct {
	Number          int
	Title, See, Say string
	To              string
}

// A choice is one of several.
type choice struct {
	Label, Value string
	On           bool
}

// Tabs are the views of the page.
func (at *place) Tabs() []string { return []string{"slack", "github", "inside"} }

// Path is the path of this view.
func (at *place) Path() string {
	path, _, _ := strings.Cut(at.query(at.Tab), "?")
	return path
}

// Emoji puts characters in the place of the names of emoji.
func (at *place) Emoji(text string) string { return emojiIn(text) }
