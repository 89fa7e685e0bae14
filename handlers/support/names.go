package support

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"supportbot/bot/text"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// knowNames says whether all names that the issue needs are known, and the files that it shows, or have been waited
// for long enough. If not, it has them read, once for each version of a message.
func (t *ticket) knowNames() (known bool, err error) {
	known = true
	var unasked []text.Ref
	for _, m := range t.messages {
		missing, err := t.missing(m)
		if err != nil {
			return false, err
		}
		if len(missing) == 0 {
			continue
		}
		known = false
		if !m.Asked {
			m.Asked = true
			unasked = append(unasked, missing...)
		}
	}
	files, awaited, err := t.readFiles()
	if err != nil {
		return false, err
	}
	known = known && !awaited
	t.read(unasked)
	if len(unasked) > 0 || files {
		t.row.NamesBy = t.event.TakenAt.Add(namesWithin)
	}
	if !known && t.row.Reading > 0 {
		return false, nil
	}
	t.row.NamesBy, t.row.Reading = time.Time{}, 0
	for _, m := range t.messages {
		m.Named = true
	}
	return true, nil
}

// missing returns whom m names and the directory does not know; nobody if they were waited for already.
func (t *ticket) missing(m *store.Message) ([]text.Ref, error) {
	if m.Named {
		return nil, nil
	}
	refs, err := t.refsOf(m)
	if err != nil {
		return nil, err
	}
	var missing []text.Ref
	for _, ref := range refs {
		e, err := t.entry(ref.ID)
		if err != nil {
			return nil, err
		}
		if e == nil || e.Unknown && t.event.At.Sub(e.ReadAt) > unknownFor || forwardsFrom(m, ref.ID) && !readSince(e, m) {
			missing = append(missing, ref)
		}
	}
	return missing, nil
}

// refsOf returns whose name is needed for m, each once: who wrote it and, if it may go into an issue, where, whom it
// mentions, and what it forwards.
func (t *ticket) refsOf(m *store.Message) ([]text.Ref, error) {
	if m.Deleted {
		return nil, nil
	}
	var refs []text.Ref
	add := func(ref text.Ref) {
		if ref.ID != "" && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	if m.Person {
		add(text.Ref{Kind: text.User, ID: m.Sender})
	}
	if may, err := t.publishable(m); !may || err != nil {
		return refs, err
	}
	add(text.Ref{Kind: text.Channel, ID: m.Channel})
	doc, err := t.docOf(m)
	if err != nil {
		return nil, err
	}
	forwarded, err := forwardRefs(m)
	for _, ref := range slices.Concat(doc.Refs(), forwarded) {
		add(ref)
	}
	return refs, err
}

// docOf returns the text of m. It is looked at several times in one decision, and decoded once.
func (t *ticket) docOf(m *store.Message) (text.Doc, error) {
	if doc := t.docs[m]; doc != nil || len(m.Doc) == 0 {
		return doc, nil
	}
	var doc text.Doc
	if err := json.Unmarshal(m.Doc, &doc); err != nil {
		return nil, fmt.Errorf("read message %s/%s: %w", m.Channel, m.TS, err)
	}
	t.docs[m] = doc
	return doc, nil
}

// read has names read: one read each, at most namesAtOnce, all groups in one.
func (t *ticket) read(missing []text.Ref) {
	asked := map[text.Ref]bool{}
	for _, ref := range missing {
		kind := map[text.InlineKind]string{text.User: "slack.read_person", text.Channel: "slack.read_channel"}[ref.Kind]
		if ref.Kind == text.Group {
			kind, ref.ID = "slack.read_groups", ""
		}
		if asked[ref] || len(asked) == namesAtOnce {
			continue
		}
		asked[ref] = true
		t.row.Reading++
		t.plan(store.Action{Kind: kind, Priority: naming, Answer: true, Body: encode(slack.Read{ID: ref.ID})})
	}
}

// named takes the answer to one of the reads in. An id that Slack would not name stands for itself.
func (t *ticket) named(a store.Answer) error {
	t.row.Reading = max(t.row.Reading-1, 0)
	var asked slack.Read
	if err := t.view.Payload(a.Action, &asked); err != nil {
		return err
	}
	entries, err := entriesOf(a)
	for _, e := range entries {
		t.learn(e)
	}
	switch {
	case a.State == store.Withdrawn:
		t.askAgainLater()
	case err == nil && asked.ID != "" && t.entries[asked.ID] == nil:
		return t.notNamed(asked.ID, a.Kind)
	}
	return err
}

// notNamed notes that Slack would not name an id. What was known of it stays: a private channel is private, although the
// bot may not see it any more.
func (t *ticket) notNamed(id, read string) error {
	kind := map[string]string{"slack.read_person": store.PersonEntry, "slack.read_channel": store.ChannelEntry}[read]
	unknown := store.Entry{ID: id, Kind: cmp.Or(kind, store.GroupEntry)}
	known, err := t.entry(id)
	if err != nil {
		return err
	}
	if known != nil {
		unknown = *known
	}
	unknown.Unknown = true
	t.learn(&unknown)
	return nil
}

// entriesOf returns what the directory learns from the answer to a read; nothing if Slack refused it.
func entriesOf(a store.Answer) ([]*store.Entry, error) {
	if a.State != store.Done {
		return nil, nil
	}
	switch a.Kind {
	case "slack.read_person":
		var p slack.Person
		err := json.Unmarshal(a.Result, &p)
		return []*store.Entry{{ID: p.ID, Kind: store.PersonEntry, Name: p.Name,
			EntryDetails: store.EntryDetails{Locale: p.Locale, Zone: p.Zone, Stranger: p.Stranger}}}, err
	case "slack.read_channel":
		var c slack.Channel
		err := json.Unmarshal(a.Result, &c)
		return []*store.Entry{{ID: c.ID, Kind: store.ChannelEntry, Name: c.Name,
			EntryDetails: store.EntryDetails{Private: c.Private, Shared: c.ExtShared}}}, err
	}
	groups, err := groupsOf(a)
	var entries []*store.Entry
	for _, g := range groups {
		entries = append(entries, &store.Entry{ID: g.ID, Kind: store.GroupEntry, Name: g.Handle,
			EntryDetails: store.EntryDetails{Members: g.Members}})
	}
	return entries, err
}

func groupsOf(a store.Answer) (groups []slack.Group, err error) {
	if a.State == store.Done {
		err = json.Unmarshal(a.Result, &groups)
	}
	return groups, err
}

func (t *ticket) learn(e *store.Entry) {
	t.row.Stale = true
	e.ReadAt = t.event.At
	t.entries[e.ID] = e
	t.result.Records = append(t.result.Records, e)
}

// entry returns what the directory knows of an id, nil if nothing.
func (t *ticket) entry(id string) (*store.Entry, error) {
	if e, known := t.entries[id]; known {
		return e, nil
	}
	e, err := t.view.Entry(id)
	if err == nil {
		t.entries[id] = e
	}
	return e, err
}

// name is the text.Names of this ticket. A name that can't be read now is an unknown one.
func (t *ticket) name(ref text.Ref) string {
	e, err := t.entry(ref.ID)
	known := err == nil && e != nil
	switch {
	case known && e.Kind == store.ChannelEntry && e.Private:
		return t.texts.word(t.language(), "private_channel") // its name is private too
	case ref.Kind == text.Channel && (!known || e.Unknown):
		return ref.ID // the name that Slack put into the message may be that of a private channel
	case known:
		return e.Name
	}
	return ""
}

// languageOf returns the language to answer m in: Japanese if it has kana, else that of the sender's Slack.
func (t *ticket) languageOf(m *store.Message) (string, error) {
	doc, err := t.docOf(m)
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

// zoneOf returns the time zone of somebody's Slack, empty if it isn't known.
func (t *ticket) zoneOf(id string) (string, error) {
	e, err := t.entry(id)
	if e == nil || err != nil {
		return "", err
	}
	return e.Zone, nil
}
