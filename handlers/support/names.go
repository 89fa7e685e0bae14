package support

import (
	"encoding/json"
	"fmt"
	"time"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// knowNames says whether all names that the issue needs are known, or have been waited for long enough. If not,
// it has them read: one read each, at most namesAtOnce, all groups in one.
func (t *ticket) knowNames() (bool, error) {
	missing, err := t.missing()
	if err != nil {
		return false, err
	}
	switch {
	case len(missing) == 0:
		t.row.NamesBy, t.row.Reading = time.Time{}, 0
		return true, nil
	case t.row.NamesBy.IsZero():
		t.read(missing)
		t.row.NamesBy = t.event.TakenAt.Add(namesWithin)
		return false, nil
	case t.row.Reading > 0:
		return false, nil
	}
	for _, ref := range missing {
		t.learn(&store.Entry{ID: ref.ID, Kind: entryKind[ref.Kind], EntryDetails: store.EntryDetails{Unknown: true}})
	}
	t.row.NamesBy = time.Time{}
	return true, nil
}

var entryKind = map[text.InlineKind]string{
	text.User: store.PersonEntry, text.Channel: store.ChannelEntry, text.Group: store.GroupEntry,
}

// missing returns whom the issue names and the directory does not know.
func (t *ticket) missing() ([]text.Ref, error) {
	var missing []text.Ref
	seen := map[string]bool{}
	for _, m := range t.messages {
		refs, err := refsOf(m)
		if err != nil {
			return nil, err
		}
		for _, ref := range refs {
			if ref.ID == "" || seen[ref.ID] {
				continue
			}
			seen[ref.ID] = true
			e, err := t.entry(ref.ID)
			if err != nil {
				return nil, err
			}
			if e == nil || e.Unknown && t.event.At.Sub(e.ReadAt) > unknownFor {
				missing = append(missing, ref)
			}
		}
	}
	return missing, nil
}

// refsOf returns whom the issue names for m: who wrote it, where, and whom it mentions.
func refsOf(m *store.Message) ([]text.Ref, error) {
	if m.Deleted {
		return nil, nil
	}
	refs := []text.Ref{{Kind: text.Channel, ID: m.Channel}}
	if m.Person {
		refs = append(refs, text.Ref{Kind: text.User, ID: m.Sender})
	}
	doc, err := docOf(m)
	return append(refs, doc.Refs()...), err
}

func docOf(m *store.Message) (doc text.Doc, err error) {
	if len(m.Doc) > 0 {
		err = json.Unmarshal(m.Doc, &doc)
	}
	if err != nil {
		err = fmt.Errorf("read message %s/%s: %w", m.Channel, m.TS, err)
	}
	return doc, err
}

func (t *ticket) read(missing []text.Ref) {
	t.row.Reading = 0
	groups := false
	for _, ref := range missing[:min(len(missing), namesAtOnce)] {
		var kind string
		switch ref.Kind {
		case text.User:
			kind = "slack.read_person"
		case text.Channel:
			kind = "slack.read_channel"
		default:
			if groups {
				continue
			}
			kind, groups = "slack.read_groups", true
		}
		t.row.Reading++
		t.plan(store.Action{Kind: kind, Priority: naming, Answer: true, Body: encode(slack.Read{ID: ref.ID})})
	}
}

// named takes the answer to one of the reads in.
func (t *ticket) named(a store.Answer) error {
	t.row.Reading = max(t.row.Reading-1, 0)
	if a.State != store.Done {
		return nil // the id stands in
	}
	switch a.Kind {
	case "slack.read_person":
		var p slack.Person
		err := json.Unmarshal(a.Result, &p)
		t.learn(&store.Entry{ID: p.ID, Kind: store.PersonEntry, Name: p.Name, EntryDetails: store.EntryDetails{Locale: p.Locale}})
		return err
	case "slack.read_channel":
		var c slack.Channel
		err := json.Unmarshal(a.Result, &c)
		t.learn(&store.Entry{ID: c.ID, Kind: store.ChannelEntry, Name: c.Name,
			EntryDetails: store.EntryDetails{Private: c.Private, Shared: c.ExtShared}})
		return err
	}
	groups, err := groupsOf(a)
	for _, g := range groups {
		t.learn(&store.Entry{ID: g.ID, Kind: store.GroupEntry, Name: g.Handle, EntryDetails: store.EntryDetails{Members: g.Members}})
	}
	return err
}

func groupsOf(a store.Answer) (groups []slack.Group, err error) {
	if a.State == store.Done {
		err = json.Unmarshal(a.Result, &groups)
	}
	return groups, err
}

func (t *ticket) learn(e *store.Entry) {
	e.ReadAt = t.event.At
	t.learned[e.ID] = e
	t.result.Records = append(t.result.Records, e)
}

// entry returns what the directory knows of an id, nil if nothing.
func (t *ticket) entry(id string) (*store.Entry, error) {
	if e := t.learned[id]; e != nil {
		return e, nil
	}
	return t.view.Entry(id)
}

// name is the text.Names of this ticket. A name that can't be read now is an unknown one.
func (t *ticket) name(ref text.Ref) string {
	e, err := t.entry(ref.ID)
	if err != nil || e == nil {
		return ""
	}
	return e.Name
}

// languageOf returns the language to answer m in: Japanese if it has kana, else that of the sender's Slack.
func (t *ticket) languageOf(m *store.Message) (string, error) {
	doc, err := docOf(m)
	if err != nil {
		return "", err
	}
	if doc.HasKana() {
		return japanese, nil
	}
	sender, err := t.entry(m.Sender)
	if sender == nil || err != nil {
		return english, err
	}
	return languageOf(sender.Locale), nil
}
