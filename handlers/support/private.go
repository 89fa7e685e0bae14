package support

import (
	"cmp"
	"slices"

	"supportbot/bot"
	"supportbot/store"
)

// Places whose text may not go into an issue as it is, and the texts that say so.
const (
	placeShared  = "shared"  // other companies read along
	placePrivate = "private" // not everybody in the company may read it
)

// placeTexts are the texts about a place: where somebody asked, why the issue holds no text, and its title.
var placeTexts = map[string]struct{ where, note, title string }{
	placePrivate: {"place_private", "issue_private", "issue_title_private"},
	placeShared:  {"place_shared", "issue_shared", "issue_title_shared"},
}

// restrict notes where a version of m was said. What was once said in private, or before other companies, stays so
// wherever its channel goes.
func restrict(m *store.Message, version bot.Message) {
	switch {
	case version.Shared:
		m.Place = placeShared
	case version.Private && m.Place == "":
		m.Place = placePrivate
	}
}

// place returns where m was said, empty if everybody in the company may read it. What the directory has learned
// of the channel since counts too.
func (t *ticket) place(m *store.Message) (string, error) {
	if m.Place != "" {
		return m.Place, nil
	}
	channel, err := t.entry(m.Channel)
	switch {
	case err != nil || channel == nil:
		return "", err
	case channel.Shared:
		return placeShared, nil
	case channel.Private:
		return placePrivate, nil
	}
	return "", nil
}

// unlisted says whether m was said in a channel shared with other companies from where no issue is opened.
func (t *ticket) unlisted(m *store.Message) bool {
	place, err := t.place(m)
	return err == nil && place == placeShared && !t.listed(m.Channel)
}

// publishable says whether the text of m may go into the issue, which everybody in the company can read.
func (t *ticket) publishable(m *store.Message) (bool, error) {
	place, err := t.place(m)
	switch {
	case err != nil || place == placeShared:
		return false, err
	case place == placePrivate:
		return t.Private == Full || t.agreed(m), nil
	}
	return true, nil
}

// publishableByAuthor says whether the text of m stays out of the issue until its author publishes it.
func (t *ticket) publishableByAuthor(m *store.Message) (bool, error) {
	place, err := t.place(m)
	return place == placePrivate && t.Private == Ask && m.Person && !t.agreed(m), err
}

// agreed says whether the author of m agreed that what they write where m stands goes into the issue.
func (t *ticket) agreed(m *store.Message) bool { return slices.Contains(t.row.Published, consent(m)) }

// consent is what the author of m gives for m to be published. It is for what they see when they give it, one thread or
// their talk with the bot: the flood guard puts other threads into the ticket too.
func consent(m *store.Message) string {
	if m.Direct {
		return m.Sender + "/" + m.Channel
	}
	return m.Sender + "/" + threadKey(m)
}

// privateTalk is what becomes of a thread with private talk in it.
type privateTalk struct {
	withheld  bool // some of it stays out of the issue
	byPeople  bool // and people wrote that: they may publish theirs
	published bool // some of it is in the issue
}

// privateTalkIn looks through a message's thread.
func (t *ticket) privateTalkIn(thread *store.Message) (talk privateTalk, err error) {
	for _, m := range t.messages {
		if m.Deleted || threadKey(m) != threadKey(thread) {
			continue
		}
		place, err := t.place(m)
		if err != nil {
			return privateTalk{}, err
		}
		switch {
		case place == "": // it was said since the channel is public
			talk.published = true
		case place != placePrivate || t.Private == Full:
		case t.agreed(m):
			talk.published = true
		default:
			talk.withheld, talk.byPeople = true, talk.byPeople || m.Person
		}
	}
	return talk, nil
}

// agree publishes what who clicked wrote where the button stands, and will write there.
func (t *ticket) agree(c bot.Click) error {
	theirs := func(m *store.Message) bool {
		return m.Person && m.Sender == c.User && m.Channel == c.Channel && (m.Direct || m.Thread == cmp.Or(c.Thread, c.Message))
	}
	first := slices.IndexFunc(t.messages, theirs)
	if t.Private != Ask || first < 0 {
		return t.whisper(c, "publish_not_yours")
	}
	if t.agreed(t.messages[first]) {
		return nil
	}
	t.row.Published, t.row.Stale = append(t.row.Published, consent(t.messages[first])), true
	for _, m := range t.messages {
		if theirs(m) {
			m.Stale, m.Asked, m.Named = true, false, false
		}
	}
	return nil
}
