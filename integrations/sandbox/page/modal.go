package page

import (
	"errors"

	"supportbot/integrations/sandbox"
)

// A modal is what lies over the page.
type modal struct {
	*place
	ID      string
	Hash    string
	Title   string
	Submit  string
	Close   string
	Blocks  []block
	Depth   int    // how many lie on each other
	Problem string // what the app said against a block that is not shown
}

// viewsModel is the modal that a person has before them, if any.
type viewsModel struct {
	*place
	Top *modal
}

func (p *Page) viewsOf(at *place) viewsModel {
	stack := p.Slack.Views(at.Me.ID)
	if len(stack) == 0 {
		return viewsModel{place: at}
	}
	v := stack[len(stack)-1]
	m := &modal{place: at, ID: v.ID, Hash: v.Hash, Title: word(v.Title, ""), Submit: word(v.Submit, ""), Close: word(v.Close, at.T("cancel")), Depth: len(stack)}
	m.Blocks = at.blocks(v.Blocks, container{At: at, View: v.ID, Typed: v.Typed})
	shown := 0
	for n := range m.Blocks {
		b := &m.Blocks[n]
		if b.Input == nil {
			continue
		}
		if b.Error = v.Errors[b.ID]; b.Error != "" {
			shown++
		}
	}
	if shown < len(v.Errors) {
		m.Problem = at.T("modal_failed")
	}
	return viewsModel{at, m}
}

func word(t *sandbox.PlainText, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return t.Text
}

// submit sends what was typed into a modal. Slack shows the same words for each sort of answer that it can't use.
func (p *Page) submit(at *place, form form) error {
	given := form.given()
	for _, v := range p.Slack.Views(at.Me.ID) {
		if v.ID == form.Get("view") {
			empty(given, at.blocks(v.Blocks, container{At: at, View: v.ID}))
		}
	}
	err := p.outcome(at, p.Slack.SubmitView(at.Me.ID, form.Get("view"), given))
	switch {
	case errors.Is(err, sandbox.ErrNoAck), errors.Is(err, sandbox.ErrNoSocket):
		return said(at.T("modal_failed"))
	case errors.Is(err, sandbox.ErrNoView):
		return said(at.T("no_message"))
	}
	return err
}

// empty gives no value to inputs without one: a browser sends nothing of boxes that are not ticked.
func empty(given sandbox.Given, blocks []block) {
	for _, b := range blocks {
		if b.Input != nil && given[b.ID] == nil {
			given[b.ID] = map[string][]string{b.Input.ActionID: nil}
		}
	}
}

func (p *Page) closeView(at *place, form form) error {
	p.Slack.CloseView(at.Me.ID, form.Get("view"), form.Get("all") != "")
	return nil
}
