package page

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"supportbot/integrations/sandbox"
)

// An act is what somebody does: it is told who and where by the form, and returns what the person is told if it
// can't be done.
type act func(at *place, form form) error

// A form is what a browser sends.
type form struct {
	url.Values
	files []sandbox.File
}

// text is what was typed into the field of that name, its lines ended as Slack and GitHub end them.
func (f form) text() string { return strings.ReplaceAll(f.Get("text"), "\r\n", "\n") }

// someText is that text, which must say something.
func (f form) someText(at *place) (string, error) {
	text := f.text()
	if strings.TrimSpace(text) == "" {
		return "", said(at.T("empty"))
	}
	return text, nil
}

// acts are what people do, by path.
func (p *Page) acts() map[string]act {
	return map[string]act{
		"/post":           p.post,
		"/open":           p.open,
		"/edit":           p.onOwn(p.edit),
		"/delete":         p.onOwn(p.remove),
		"/react":          p.reactTo,
		"/press":          p.press,
		"/shortcut":       p.shortcut,
		"/submit":         p.submit,
		"/close":          p.closeView,
		"/github/comment": p.onIssue(p.comment),
		"/github/rewrite": p.onComment(p.rewrite),
		"/github/delete":  p.onComment(p.removeComment),
		"/github/edit":    p.onIssue(p.editIssue),
		"/github/state":   p.onIssue(p.setState),
		"/github/label":   p.onIssue(p.relabel),
		"/clock":          p.moveClock,
		"/fault":          p.setFault,
	}
}

// A said is an error in words for the person.
type said string

func (s said) Error() string { return string(s) }

// act answers a form. The page's own script asks for no content, and goes where Location says; without it the browser
// goes there, or back to where it was.
func (p *Page) act(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at, sent, ok := p.sent(w, r)
		if !ok {
			return
		}
		if err := do(at, sent); err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		if r.Header.Get("Accept") == "text/plain" {
			if at.next != "" {
				w.Header().Set("Location", at.next)
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Redirect(w, r, cmp.Or(at.next, back(sent.Get("here"))), http.StatusSeeOther)
	}
}

// sent reads a form, and who sent it from where. If it can't, it has answered so.
func (p *Page) sent(w http.ResponseWriter, r *http.Request) (at *place, sent form, ok bool) {
	sent, err := readForm(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return nil, sent, false
	}
	at, err = p.place("slack", url.Values{"as": sent.Values["as"], "in": sent.Values["in"], "lang": sent.Values["lang"]})
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return nil, sent, false
	}
	return at, sent, true
}

// readForm reads a form, with the files that come with it.
func readForm(r *http.Request) (form, error) {
	err := r.ParseMultipartForm(maxForm)
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return form{}, err
	}
	sent := form{Values: r.PostForm}
	if r.MultipartForm == nil {
		return sent, nil
	}
	for _, header := range r.MultipartForm.File["file"] {
		f, err := header.Open()
		if err != nil {
			return form{}, err
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			return form{}, err
		}
		if header.Filename != "" {
			sent.files = append(sent.files, sandbox.File{Name: header.Filename, Content: content})
		}
	}
	return sent, nil
}

// back is a place on this page that a form says to go back to.
func back(here string) string {
	u, err := url.Parse(here)
	if err != nil || !slices.Contains([]string{"/", "/github", "/inside"}, u.Path) {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
}

// post says something, or runs a slash command.
func (p *Page) post(at *place, form form) error {
	text := form.text()
	if strings.TrimSpace(text) == "" && len(form.files) == 0 {
		return said(at.T("empty"))
	}
	if at.Channel.Archived {
		return said(at.T("archived"))
	}
	thread := form.Get("thread")
	if thread != "" {
		if m, ok := p.Slack.Message(at.Channel.ID, thread); !ok || m.ThreadTS != "" && m.ThreadTS != m.TS {
			return said(at.T("no_message"))
		}
	}
	if word, rest, _ := strings.Cut(text, " "); strings.HasPrefix(word, "/") {
		if thread != "" {
			return said(fmt.Sprintf(at.T("no_command_here"), word))
		}
		return p.command(at, word, rest)
	}
	p.Slack.Post(sandbox.Post{
		Channel: at.Channel.ID, User: at.Me.ID, Text: text, ThreadTS: thread, Broadcast: form.Get("broadcast") != "", Files: form.files,
	})
	return nil
}

// command runs a slash command of the app.
func (p *Page) command(at *place, name, text string) error {
	if !slices.ContainsFunc(p.Commands, func(c Command) bool { return c.Name == name }) {
		return said(fmt.Sprintf(at.T("no_command"), name))
	}
	err := p.outcome(at, p.Slack.Command(at.Me.ID, at.Channel.ID, name, text))
	if errors.Is(err, sandbox.ErrNoAck) || errors.Is(err, sandbox.ErrNoSocket) {
		return said(fmt.Sprintf(at.T("command_failed"), name, err))
	}
	return err
}

// patience is how long the page waits for what the app says, in real time: Slack's own deadline goes by the clock of
// the sandbox, which may stand still.
const patience = 5 * time.Second

// outcome waits for what became of an interaction.
func (p *Page) outcome(at *place, i *sandbox.Interaction) error {
	_, err := p.ask(at, i)
	return err
}

// ask waits for what the app says to an interaction.
func (p *Page) ask(at *place, i *sandbox.Interaction) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := i.Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, said(at.T("still_waiting"))
	}
	return answer, err
}

// onOwn is an act on a message that the person wrote.
func (p *Page) onOwn(do func(*place, form, sandbox.Message) error) act {
	return func(at *place, form form) error {
		m, ok := p.Slack.Message(at.Channel.ID, form.Get("ts"))
		if !ok || m.User != at.Me.ID || m.BotID != "" {
			return said(at.T("no_message"))
		}
		return do(at, form, m)
	}
}

func (p *Page) edit(at *place, form form, m sandbox.Message) error {
	text, err := form.someText(at)
	if err != nil {
		return err
	}
	p.Slack.Edit(m.Channel, m.TS, text)
	return nil
}

func (p *Page) remove(_ *place, _ form, m sandbox.Message) error {
	p.Slack.Delete(m.Channel, m.TS)
	return nil
}

// reactTo puts an emoji under a message, or takes it away again.
func (p *Page) reactTo(at *place, form form) error {
	m, ok := p.Slack.Message(at.Channel.ID, form.Get("ts"))
	name := form.Get("emoji")
	if !ok || emoji[name] == "" {
		return said(at.T("no_message"))
	}
	for _, r := range m.Reactions {
		if r.Name == name && slices.Contains(r.Users, at.Me.ID) {
			p.Slack.Unreact(at.Me.ID, m.Channel, m.TS, name)
			return nil
		}
	}
	p.Slack.React(at.Me.ID, m.Channel, m.TS, name)
	return nil
}

// press uses an element of a message or a modal. What else was typed there is sent along.
func (p *Page) press(at *place, form form) error {
	block, action, _ := fieldName(form.Get("use"))
	values := form.Values[form.Get("use")]
	var i *sandbox.Interaction
	if view := form.Get("view"); view != "" {
		p.Slack.FillView(at.Me.ID, view, form.given())
		i = p.Slack.ChooseInView(at.Me.ID, view, block, action, values...)
	} else {
		p.Slack.Fill(at.Me.ID, at.Channel.ID, form.Get("ts"), form.given())
		i = p.Slack.Choose(at.Me.ID, at.Channel.ID, form.Get("ts"), action, values...)
	}
	return at.shown(p.outcome(at, i))
}

// shown is an error of a click as Slack shows it.
func (at *place) shown(err error) error {
	switch {
	case errors.Is(err, sandbox.ErrNoAck), errors.Is(err, sandbox.ErrNoSocket):
		return said(fmt.Sprintf(at.T("button_failed"), err))
	case errors.Is(err, sandbox.ErrNoButton), errors.Is(err, sandbox.ErrNoView):
		return said(at.T("no_message"))
	}
	return err
}

// shortcut starts a shortcut of the app from the menu of a message.
func (p *Page) shortcut(at *place, form form) error {
	id := form.Get("callback")
	m, ok := p.Slack.Message(at.Channel.ID, form.Get("ts"))
	if !ok || !slices.ContainsFunc(p.messageShortcuts(), func(s Shortcut) bool { return s.CallbackID == id }) {
		return said(at.T("no_message"))
	}
	return at.shown(p.outcome(at, p.Slack.Shortcut(at.Me.ID, m.Channel, m.TS, id)))
}

func (p *Page) messageShortcuts() []Shortcut {
	return slices.DeleteFunc(slices.Clone(p.Shortcuts), func(s Shortcut) bool { return s.Type != "message" })
}

// suggest answers with the options that the app has for what was typed into an external select, as HTML.
func (p *Page) suggest(w http.ResponseWriter, r *http.Request) {
	at, sent, ok := p.sent(w, r)
	if !ok {
		return
	}
	e := sandbox.Element{User: at.Me.ID, View: sent.Get("view")}
	if e.View == "" {
		e.Channel, e.TS = at.Channel.ID, sent.Get("ts")
	}
	e.Block, e.Action, _ = fieldName(sent.Get("use"))
	offer, err := p.ask(at, p.Slack.Suggest(e, sent.Get("typed")))
	var c control
	if err == nil && json.Unmarshal(offer, &c.wireElement) != nil {
		err = sandbox.ErrNoAck
	}
	if err != nil {
		http.Error(w, at.shown(err).Error(), http.StatusUnprocessableEntity)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = p.pages.ExecuteTemplate(w, "options", c)
}

// maxGroup is how many people a group message has at most beside oneself.
// docs.slack.dev/reference/methods/conversations.open
const maxGroup = 8

// open goes to the direct messages with the bot, or to those of a group. The stand-in has no others, since no app hears
// them.
func (p *Page) open(at *place, form form) error {
	with := slices.Compact(slices.Sorted(slices.Values(form.Values["with"])))
	for _, id := range with {
		if who, ok := at.names.people[id]; !ok || who.Deleted || id == at.Me.ID {
			return said(at.T("nobody"))
		}
	}
	switch {
	case len(with) == 1 && at.names.people[with[0]].Bot:
		at.next = at.In("bot")
	case len(with) < 2 || len(with) > maxGroup:
		return said(fmt.Sprintf(at.T("choose_people"), maxGroup))
	default:
		at.next = at.In(p.Slack.OpenGroup(append(with, at.Me.ID)...))
	}
	return nil
}

// given is what the fields of a form hold that are elements of Block Kit.
func (f form) given() sandbox.Given {
	given := sandbox.Given{}
	for name, values := range f.Values {
		if block, action, ok := fieldName(name); ok {
			given.Put(block, action, values)
		}
	}
	return given
}

// fieldName reads the name of a field, as control.Name makes it.
func fieldName(name string) (block, action string, ok bool) {
	rest, ok := strings.CutPrefix(name, fieldPrefix)
	if !ok {
		return "", "", false
	}
	first, second, _ := strings.Cut(rest, ":")
	block, err1 := url.QueryUnescape(first)
	action, err2 := url.QueryUnescape(second)
	return block, action, err1 == nil && err2 == nil
}
