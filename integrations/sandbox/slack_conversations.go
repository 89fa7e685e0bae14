package sandbox

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
)

// maxPage is the most that a list gives at once (docs.slack.dev/apis/web-api/pagination).
const maxPage = 1000

// visible finds a channel of which the app may know.
func (s *Slack) visible(id string) (*Channel, error) {
	c := s.channels[id]
	if c == nil || !c.public() && !c.has(slackBotUser) {
		return nil, refuse("channel_not_found")
	}
	return c, nil
}

// readable finds a channel that the app can read.
func (s *Slack) readable(id string) (*Channel, error) {
	c, err := s.visible(id)
	if err == nil && !c.has(slackBotUser) {
		return nil, refuse("not_in_channel")
	}
	return c, err
}

func (s *Slack) conversationsInfo(a slackArgs) (answer, error) {
	c, err := s.visible(a["channel"])
	if err != nil {
		return nil, err
	}
	info := s.conversation(c)
	if a.on("include_num_members") {
		info["num_members"] = len(c.Members)
	}
	return answer{"channel": info}, nil
}

// conversation is c as Slack describes it to the app.
func (s *Slack) conversation(c *Channel) answer {
	info := answer{
		"id": c.ID, "created": cmp.Or(c.Created, 1500000000), "updated": 1500000000000, "context_team_id": s.workspaceOf(c.ID),
		"is_archived": c.Archived, "is_im": c.IM, "is_mpim": c.MPIM, "is_org_shared": false,
		"is_ext_shared": c.ExtShared, "is_shared": c.ExtShared,
	}
	if c.IM {
		info["user"] = s.partner(c)
		return info
	}
	info["name"], info["name_normalized"], info["previous_names"] = c.Name, c.Name, []string{}
	info["is_channel"], info["is_group"] = c.public(), c.kind() == privateKind
	info["is_private"], info["is_member"], info["is_general"] = !c.public(), c.has(slackBotUser), false
	info["topic"] = answer{"value": "", "creator": "", "last_set": 0}
	info["purpose"] = answer{"value": "", "creator": "", "last_set": 0}
	return info
}

// partner is whom the bot talks to in a direct message channel.
func (s *Slack) partner(c *Channel) string {
	for _, m := range c.Members {
		if m != slackBotUser {
			return m
		}
	}
	return slackBotUser
}

func (s *Slack) conversationsJoin(a slackArgs) (answer, error) {
	c, err := s.visible(a["channel"])
	switch {
	case err != nil:
		return nil, err
	case !c.public():
		return nil, refuse("method_not_supported_for_channel_type")
	case c.Archived:
		return nil, refuse("is_archived")
	case c.has(slackBotUser):
		return answer{"channel": s.conversation(c), "warning": "already_in_channel",
			"response_metadata": answer{"warnings": []string{"already_in_channel"}}}, nil
	}
	s.join(c, slackBotUser)
	return answer{"channel": s.conversation(c)}, nil
}

// conversationsOpen opens the direct messages of the bot and one person.
func (s *Slack) conversationsOpen(a slackArgs) (answer, error) {
	p := s.people[a["users"]]
	switch {
	case a["users"] == "":
		return nil, refuse("users_list_not_supplied")
	case p == nil:
		return nil, refuse("user_not_found")
	case p.Deleted:
		return nil, refuse("user_disabled")
	case p.Bot:
		return nil, refuse("cannot_dm_bot")
	}
	before := len(s.channels)
	c := s.openDM(p.ID)
	open := len(s.channels) == before
	return answer{"no_op": open, "already_open": open, "channel": answer{"id": c.ID}}, nil
}

func (s *Slack) conversationsList(a slackArgs) (answer, error) {
	return s.listChannels(a, func(c *Channel) bool { return c.public() || c.has(slackBotUser) })
}

func (s *Slack) usersConversations(a slackArgs) (answer, error) {
	user := cmp.Or(a["user"], slackBotUser)
	return s.listChannels(a, func(c *Channel) bool { return c.has(user) && (c.public() || c.has(slackBotUser)) })
}

func (s *Slack) listChannels(a slackArgs, listed func(*Channel) bool) (answer, error) {
	workspace, err := s.listedWorkspace(a)
	if err != nil {
		return nil, err
	}
	types, err := s.listedTypes(a["types"])
	if err != nil {
		return nil, err
	}
	found := []answer{}
	for _, id := range sortedKeys(s.channels) {
		c := s.channels[id]
		if types[c.kind()] && listed(c) && s.workspaceOf(id) == workspace && (!c.Archived || !a.on("exclude_archived")) {
			found = append(found, s.conversation(c))
		}
	}
	return page("channels", found, a, 100)
}

// listedTypes reads the argument types; each type needs the scope of its own.
func (s *Slack) listedTypes(argument string) (map[channelKind]bool, error) {
	if argument == "" {
		argument = publicKind.list
	}
	types := map[channelKind]bool{}
	for name := range strings.SplitSeq(argument, ",") {
		i := slices.IndexFunc(channelKinds[:], func(k channelKind) bool { return k.list == strings.TrimSpace(name) })
		if i < 0 {
			return nil, refuse("invalid_types")
		}
		k := channelKinds[i]
		if err := s.checkScope(k.scopes+":read", ""); err != nil {
			return nil, err
		}
		types[k] = true
	}
	return types, nil
}

func (s *Slack) conversationsMembers(a slackArgs) (answer, error) {
	c, err := s.visible(a["channel"])
	if err != nil {
		return nil, err
	}
	return page("members", idList(c.Members), a, 100)
}

// conversationsHistory gives what stands in the channel itself, the newest first.
func (s *Slack) conversationsHistory(a slackArgs) (answer, error) {
	c, err := s.readable(a["channel"])
	if err != nil {
		return nil, err
	}
	span, err := s.readSpan(a, "conversations.history")
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(slices.Clone(s.talk(c.ID).top), span.excludes)
	slices.Reverse(found)
	result, err := s.messagePage(found, a, 100)
	if err != nil {
		return nil, err
	}
	result["messages"] = shown(result["messages"].([]*Message), a)
	result["has_more"] = nextCursor(result) != ""
	result["pin_count"] = 0
	return result, nil
}

// messagePage answers a page of a list of messages, without those that Slack hides.
func (s *Slack) messagePage(list []*Message, a slackArgs, usual int) (answer, error) {
	visible := slices.DeleteFunc(slices.Clone(list), s.hides)
	result, err := page("messages", visible, a, usual)
	if err == nil && len(visible) < len(list) {
		result["is_limited"] = true
	}
	return result, err
}

// conversationsReplies gives a thread, the oldest first. The parent is the first of each page, whatever the
// span, unless Slack hides it. The ts of a reply gives that reply alone.
func (s *Slack) conversationsReplies(a slackArgs) (answer, error) {
	c, err := s.readable(a["channel"])
	if err != nil {
		return nil, err
	}
	t := s.talk(c.ID)
	root := t.byTS[a["ts"]]
	if root == nil || s.hides(root) && !slices.ContainsFunc(t.replies[root.TS], func(m *Message) bool { return !s.hides(m) }) {
		return nil, refuse("thread_not_found")
	}
	span, err := s.readSpan(a, "conversations.replies")
	if err != nil {
		return nil, err
	}
	replies := slices.DeleteFunc(slices.Clone(t.replies[root.TS]), span.excludes)
	result, err := s.messagePage(replies, a, maxPage)
	if err != nil {
		return nil, err
	}
	thread := result["messages"].([]*Message)
	if s.hides(root) {
		result["is_limited"] = true
	} else {
		thread = append([]*Message{root}, thread...)
	}
	result["messages"] = shown(thread, a)
	result["has_more"] = nextCursor(result) != ""
	return result, nil
}

// shown are messages in an answer: of metadata the type alone, unless all of it was asked for.
func shown(messages []*Message, a slackArgs) []Message {
	out := make([]Message, len(messages))
	for i, m := range messages {
		out[i] = *m
		if m.Metadata != nil && !a.on("include_all_metadata") {
			out[i].Metadata = &Metadata{EventType: m.Metadata.EventType}
		}
	}
	return out
}

// A span is the time of messages asked for, in microseconds; its ends are not in it unless inclusive.
type span struct {
	oldest, latest int64
	inclusive      bool
	lag            int64 // what is newer does not show yet
}

func (s *Slack) readSpan(a slackArgs, method string) (span, error) {
	sp := span{latest: 1 << 62, inclusive: a.on("inclusive"), lag: 1 << 62, oldest: -1}
	if lag := s.Faults.lag(method); lag > 0 {
		sp.lag = s.clock.Now().Add(-lag).UnixMicro()
	}
	for _, end := range []struct {
		name string
		at   *int64
	}{{"oldest", &sp.oldest}, {"latest", &sp.latest}} {
		if a[end.name] == "" || a[end.name] == "now" {
			continue
		}
		at, ok := parseTS(a[end.name])
		if !ok {
			return span{}, refuse("invalid_ts_" + end.name)
		}
		*end.at = at
	}
	return sp, nil
}

func (sp span) excludes(m *Message) bool {
	at, _ := parseTS(m.TS)
	if at > sp.lag {
		return true
	}
	if sp.inclusive && (at == sp.oldest || at == sp.latest) {
		return false
	}
	return at <= sp.oldest || at >= sp.latest
}

// page answers the part of list that a's cursor and limit ask for, under the given name.
func page[T any](name string, list []T, a slackArgs, usual int) (answer, error) {
	limit := usual
	if a["limit"] != "" {
		n, err := strconv.Atoi(a["limit"])
		if err != nil || n < 0 || n > maxPage {
			return nil, refuse("invalid_limit")
		}
		if n > 0 {
			limit = n
		}
	}
	from, err := readCursor(a["cursor"])
	if err != nil {
		return nil, err
	}
	from = min(from, len(list))
	to := min(from+limit, len(list))
	next := ""
	if to < len(list) {
		next = base64.StdEncoding.EncodeToString([]byte("next:" + strconv.Itoa(to)))
	}
	return answer{name: list[from:to], "response_metadata": answer{"next_cursor": next}}, nil
}

func readCursor(cursor string) (from int, err error) {
	if cursor == "" {
		return 0, nil
	}
	text, err := base64.StdEncoding.DecodeString(cursor)
	if err == nil {
		from, err = strconv.Atoi(strings.TrimPrefix(string(text), "next:"))
	}
	if err != nil || from < 0 {
		return 0, refuse("invalid_cursor")
	}
	return from, nil
}

func nextCursor(page answer) string {
	metadata, _ := page["response_metadata"].(answer)
	next, _ := metadata["next_cursor"].(string)
	return next
}
