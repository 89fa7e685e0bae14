package page

import (
	"cmp"
	"hash/fnv"
	"strings"
	"unicode/utf8"

	"supportbot/integrations/sandbox"
)

// names is who and what ids stand for.
type names struct {
	order    []sandbox.Person // by id
	people   map[string]sandbox.Person
	channels map[string]sandbox.Channel
	groups   map[string]sandbox.Group
}

func namesOf(s *sandbox.Slack) names {
	n := names{order: s.People(), people: map[string]sandbox.Person{}, channels: map[string]sandbox.Channel{}, groups: map[string]sandbox.Group{}}
	for _, p := range n.order {
		n.people[p.ID] = p
	}
	for _, c := range s.Channels() {
		n.channels[c.ID] = c
	}
	for _, g := range s.Groups() {
		n.groups[g.ID] = g
	}
	return n
}

func (n names) person(id string) string { return cmp.Or(n.people[id].DisplayName, id) }

// channelLabel is what a channel is called, without "#": one between some people by the others of them.
func (n names) channelLabel(c sandbox.Channel, me string) string {
	if !c.IM && !c.MPIM {
		return c.Name
	}
	var others []string
	for _, id := range c.Members {
		if id != me {
			others = append(others, n.person(id))
		}
	}
	return strings.Join(others, ", ")
}

// A face stands beside what somebody says.
type face struct {
	Letters string
	Color   int // 0 to 7
	Bot     bool
}

// faceOf makes a face of a name and an id: the initials of a Latin name, the first letter of any other.
func faceOf(id, name string, bot bool) face {
	h := fnv.New32a()
	h.Write([]byte(id))
	var letters strings.Builder
	for _, word := range strings.Fields(name) {
		first, _ := utf8.DecodeRuneInString(word)
		letters.WriteRune(first)
		if first >= 0x2e80 || letters.Len() == 2 {
			break
		}
	}
	return face{strings.ToUpper(letters.String()), int(h.Sum32() % 8), bot}
}
