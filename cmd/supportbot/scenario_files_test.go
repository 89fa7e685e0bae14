package main

import (
	"fmt"
	"net/url"
	"strings"

	"supportbot/integrations/sandbox"
)

// upload alice #help-data FILE TEXT: a message with a file; several are separated by commas
func (s *stage) upload(rest string) error {
	words := strings.SplitN(rest, " ", 4)
	if len(words) < 3 {
		return fmt.Errorf("who uploads what, and where?")
	}
	files, err := s.filesOf(words[2])
	words[2] = ""
	if len(words) == 4 {
		words[2] = words[3]
	}
	if err != nil {
		return err
	}
	return s.say(strings.Join(words[:3], " "), sandbox.Post{Files: files})
}

// upload-to alice 1 FILE TEXT: the same in the thread of a message
func (s *stage) uploadTo(rest string) error {
	user, rest, _ := strings.Cut(rest, " ")
	m, rest, err := s.message(rest)
	if err != nil {
		return err
	}
	names, text, _ := strings.Cut(rest, " ")
	files, err := s.filesOf(names)
	if err == nil {
		text, err = s.text(text)
	}
	if err != nil {
		return err
	}
	return s.post(user, m.channel, sandbox.Post{Text: text, ThreadTS: m.root, Files: files})
}

// filesOf returns the files of the archive with these names, in which "%20" is a space; one that the archive does
// not have holds bytes that are no text, or, after "external:", is not at Slack.
func (s *stage) filesOf(names string) (files []sandbox.File, err error) {
	for name := range strings.SplitSeq(names, ",") {
		s.uploads = append(s.uploads, name)
		f := sandbox.File{ID: fmt.Sprintf("F%03d", len(s.uploads)), Content: []byte(getFile(s.archive, name))}
		if rest, external := strings.CutPrefix(name, "external:"); external {
			name, f.Mode, f.URLPrivate = rest, "external", "https://drive.example/"+rest
		}
		if len(f.Content) == 0 {
			f.Content = []byte("no\x00text")
		}
		if f.Name, err = url.PathUnescape(name); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// delete-file FILE, lose-file FILE
func (s *stage) onFile(do func(id string)) func(name string) error {
	return func(name string) error {
		for i, upload := range s.uploads {
			if upload == name {
				do(fmt.Sprintf("F%03d", i+1))
				return nil
			}
		}
		return fmt.Errorf("nobody uploaded %q", name)
	}
}

// share ben #help-data 1 TEXT: forwards a message of the script
func (s *stage) share(rest string) error {
	words := strings.SplitN(rest, " ", 4)
	if len(words) < 3 {
		return fmt.Errorf("who forwards what, and where?")
	}
	m, _, err := s.message(words[2])
	words[2] = ""
	if len(words) == 4 {
		words[2] = words[3]
	}
	if err != nil {
		return err
	}
	return s.say(strings.Join(words[:3], " "), sandbox.Post{Forwards: []sandbox.Ref{{Channel: m.channel, TS: m.ts}}})
}
