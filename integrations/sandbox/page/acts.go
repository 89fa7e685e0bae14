package page

import (
	"context"
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

// acts are what people do, by path.
func (p *Page) acts() map[string]act {
	return map[string]act{
		"/post":           p.post,
		"/edit":           p.onOwn(p.edit),
		"/delete":         p.onOwn(p.remove),
		"/react":          p.reactTo,
		"/press":          p.press,
		"/submit":         p.submit,
		"/close":          p.closeView,
		"/github/comment": p.onIssue(p.comment),
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

// act answers a form. The page's own script asks for no content; without it the browser goes back to where it was.
func (p *Page) act(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		sent, err := readForm(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		at, err := p.place("slack", url.Values{"as": sent.Values["as"], "in": sent.Values["in"]})
		if err == nil {
			err = do(at, sent)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		if r.Header.Get("Accept") == "text/plain" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Redirect(w, r, back(sent.Get("here")), http.StatusSeeOther)
	}
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
	if word, rest, _ := strings.Cut(text, " "); strings.HasPrefix(word, "/") && thread == "" {
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
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := i.Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return said(at.T("still_waiting"))
	}
	return err
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
	text := form.text()
	if strings.TrimSpace(text) == "" {
		return said(at.T("empty"))
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

// press uses an element of a message or a modal.
func (p *Page) press(at *place, form form) error {
	block, action, values := used(form)
	var i *sandbox.Interaction
	if view := form.Get("view"); view != "" {
		i = p.Slack.ChooseInView(at.Me.ID, view, block, action, values...)
	} else {
		i = p.Slack.Choose(at.Me.ID, at.Channel.ID, form.Get("ts"), action, values...)
	}
	err := p.outcome(at, i)
	switch {
	case errors.Is(err, sandbox.ErrNoAck), errors.Is(err, sandbox.ErrNoSocket):
		return said(fmt.Sprintf(at.T("button_failed"), err))
	case errors.Is(err, sandbox.ErrNoButton), errors.Is(err, sandbox.ErrNoView):
		return said(at.T("no_message"))
	}
	return err
}

// used says which element a form is about, and what was chosen.
func used(form form) (block, action string, values []string) {
	block, action, _ = fieldName(form.Get("use"))
	return block, action, form.Values[form.Get("use")]
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
