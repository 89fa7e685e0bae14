package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// An inspection finds what is wrong with a company.
type inspection struct {
	company
	file     string
	given    map[string]bool // ids, and names with their sign
	problems []error
}

// check says all that is wrong with the company of a file, a line each.
func (c company) check(file string) error {
	i := &inspection{company: c, file: file, given: map[string]bool{}}
	i.inspectValue("repository", c.Repository, repositoryName)
	i.inspectPeople()
	i.inspectGroups()
	i.inspectChannels()
	if !slices.ContainsFunc(c.Groups, func(g group) bool { return g.Handle == c.SupportGroup }) {
		i.complain("support_group", fmt.Errorf("there is no group @%s", c.SupportGroup))
	}
	i.complain("ops_channel", c.findChannel(c.OpsChannel))
	i.inspectPlace("begin", c.Begin.As, c.Begin.In)
	i.inspectHistory()
	i.inspectGuide()
	return errors.Join(i.problems...)
}

// complain notes what is wrong, unless nothing is.
func (i *inspection) complain(where string, err error) {
	if err != nil {
		i.problems = append(i.problems, fmt.Errorf("%s: %s: %w", i.file, where, err))
	}
}

func (i *inspection) inspectValue(where, value string, is check) {
	_, err := is(value)
	i.complain(where, err)
}

// inspectOptional is inspectValue for what may be left out.
func (i *inspection) inspectOptional(where, value string, is check) {
	if value != "" {
		i.inspectValue(where, value, is)
	}
}

// inspectNew finds an id, or a name with its sign, that something else has too.
func (i *inspection) inspectNew(where, name string) {
	if name != "" && i.given[name] {
		i.complain(where, fmt.Errorf("%s is given twice", name))
	}
	i.given[name] = true
}

var (
	personID = regexp.MustCompile(`^[UW][A-Z0-9]{2,20}$`)
	handle   = regexp.MustCompile(`^[\p{L}\p{N}._-]+$`)
	locale   = regexp.MustCompile(`^[a-z]{2}-[A-Z]{2}$`)
)

// isHandle checks what is written after @ or #.
var isHandle = matches(handle, "a name without blanks, such as help-data")

func timeZone(value string) (string, error) {
	if _, err := time.LoadLocation(value); err != nil {
		return "", fmt.Errorf("must be a time zone, such as Asia/Tokyo, not %s", quoted(value))
	}
	return value, nil
}

func (i *inspection) inspectPeople() {
	for _, p := range i.People {
		where := "person " + p.Name
		i.inspectValue(where+": name", p.Name, isHandle)
		i.inspectOptional(where+": id", p.ID, matches(personID, "the id of a person, such as U0123456789"))
		i.inspectOptional(where+": locale", p.Locale, matches(locale, "a locale, such as ja-JP"))
		i.inspectOptional(where+": tz", p.TZ, timeZone)
		i.inspectNew(where, p.ID)
		i.inspectNew(where, "@"+p.Name)
	}
}

func (i *inspection) inspectGroups() {
	for _, g := range i.Groups {
		where := "group " + g.Handle
		i.inspectValue(where+": handle", g.Handle, isHandle)
		i.inspectOptional(where+": id", g.ID, matches(groupID, "the id of a user group, such as S0123456789"))
		i.inspectNew(where, g.ID)
		i.inspectNew(where, "@"+g.Handle)
		i.inspectMembers(where, g.Members)
	}
}

func (i *inspection) inspectChannels() {
	for _, ch := range i.Channels {
		where := "channel " + ch.Name
		i.inspectValue(where+": name", ch.Name, isHandle)
		i.inspectOptional(where+": id", ch.ID, matches(channelID, "the id of a channel, such as C0123456789"))
		i.inspectNew(where, ch.ID)
		i.inspectNew(where, "#"+ch.Name)
		i.inspectMembers(where, ch.Members)
	}
}

func (i *inspection) inspectMembers(where string, names []string) {
	for _, name := range names {
		i.complain(where, i.findPerson(name))
	}
}

// inspectPlace says what keeps somebody from being in a channel.
func (i *inspection) inspectPlace(where, person, channel string) {
	i.complain(where, i.findPerson(person))
	i.complain(where, i.findChannel(channel))
	i.complain(where, i.findMember(person, channel))
}

func (i *inspection) inspectHistory() {
	for _, h := range i.History {
		i.complain("history", i.findChannel(h.In))
		for _, said := range append([]saying{h}, h.Replies...) {
			i.complain("history", i.findPerson(said.As))
		}
		for _, who := range h.Reactions {
			i.inspectMembers("history", who)
		}
	}
}

func (i *inspection) inspectGuide() {
	for n, s := range i.Guide {
		where := fmt.Sprintf("guide, step %d", n+1)
		i.inspectPlace(where, s.As, s.In)
		i.inspectOptional(where+": tab", s.Tab, oneOf("github", "inside"))
	}
}
