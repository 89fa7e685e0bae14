package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"supportbot/bot"
	"supportbot/handlers/support"
	"supportbot/integrations/sandbox"
	"supportbot/integrations/slack"
	"supportbot/store"
)

// step does one line of a script. All but what goes on outside of it have the bot running.
func (s *stage) step(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch verb {
	case "set":
		return s.set(rest)
	case "fault":
		return s.fault(rest)
	case "github":
		return s.atGitHub(rest)
	case "organisation":
		return s.organise(rest)
	case "stop":
		s.end()
		ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
		defer cancel()
		return s.slack.WaitNoSockets(ctx) // the next bot must not take what is sent to this one for its own
	case "restore":
		return s.restore()
	case "meanwhile":
		return s.meanwhile(rest)
	case "slack":
		if method, ok := strings.CutPrefix(rest, "lacks "); ok {
			s.slack.Lack(method)
			return nil
		}
	}
	if err := s.begin(); err != nil {
		return err
	}
	if look, ok := s.looks()[verb]; ok {
		return look(rest)
	}
	act, ok := s.acts()[verb]
	if !ok {
		return fmt.Errorf("there is no step %q", verb)
	}
	if err := act(rest); err != nil {
		return err
	}
	return s.settle()
}

// acts are what people, Slack, GitHub and time do.
func (s *stage) acts() map[string]func(rest string) error {
	return map[string]func(string) error{
		"start":       func(string) error { return nil },
		"say":         func(rest string) error { return s.say(rest, sandbox.Post{}) },
		"say-again":   func(rest string) error { return s.sayAgain(rest, "1s") },
		"burst":       func(rest string) error { return s.sayAgain(rest, "100ms") },
		"dm":          s.dm,
		"dm-under":    s.dmUnder,
		"forward":     s.forward,
		"bot":         s.botSays,
		"bot-attach":  s.botAttaches,
		"reply":       s.reply,
		"reply-again": s.replyAgain,
		"broadcast":   func(rest string) error { return s.answer(rest, true) },
		"upload":      s.upload,
		"upload-to":   s.uploadTo,
		"delete-file": s.onFile(s.slack.DeleteFile),
		"lose-file":   s.onFile(s.slack.LoseFile),
		"hide":        s.hide,
		"purge":       s.purge,
		"share":       s.share,
		"edit":        s.edit,
		"delete":      s.onMessage(s.slack.Delete),
		"unfurl":      s.onMessage(s.slack.Unfurl),
		"event":       s.event,
		"frame":       s.frame,
		"join":        s.join,
		"newcomer":    s.newcomer,
		"group-chat":  s.groupChat,
		"click":       s.click,
		"rename":      s.rename,
		"move":        s.move,
		"rename-to":   s.renameChannel,
		"advance":     s.advance,
		"deaf":        s.setDeaf,
		"slack":       s.atSlack,
		"operator":    s.operator,
		"backup":      s.backup,
		"decisions":   s.decisions,
		"create":      s.create,
		"archive":     s.onChannel(s.slack.ArchiveChannel),
		"unarchive":   s.onChannel(s.slack.UnarchiveChannel),
		"channel-id":  s.channelID,
		"convert":     s.convert,
		"bot-leaves":  s.onChannel(func(id, _ string) { s.slack.Leave(id, s.slack.BotUserID()) }),
	}
}

// set changes a setting before the bot starts, by its name in the file.
func (s *stage) set(rest string) (err error) {
	name, value, _ := strings.Cut(rest, " ")
	switch name {
	case "mode":
		s.settings.Mode, s.settings.Support.Mode = bot.Mode(value), bot.Mode(value)
	case "slack.join":
		s.settings.Slack.Join = Join(value)
	case "since":
		s.settings.Since, err = since(value, s.clock.Now())
	case "support.private":
		s.settings.Support.Private = support.Private(value)
	case "slack.shared_channels":
		s.settings.Slack.Shared = strings.Fields(value)
	case "support.mode":
		s.settings.Support.Mode = bot.Mode(value)
	case "support.safe_handover.en":
		s.settings.Support.SafeHandover.EN = value
	case "support.safe_handover.ja":
		s.settings.Support.SafeHandover.JA = value
	case "slack.bots":
		id, limit, _ := strings.Cut(value, " ")
		var n int
		n, err = strconv.Atoi(limit)
		s.settings.Slack.Bots = map[string]BotSettings{id: {TicketsPer10Minutes: n}}
	default:
		limit := s.limits()[name]
		if limit == nil {
			return fmt.Errorf("there is no setting %q for scenarios", name)
		}
		*limit, err = strconv.Atoi(value)
	}
	return err
}

func (s *stage) limits() map[string]*int {
	l := &s.settings.Limits
	return map[string]*int{
		"limits.github_writes_per_minute":           &l.GitHubWritesPerMinute,
		"limits.github_creations_per_hour":          &l.GitHubCreationsPerHour,
		"limits.slack_posts_per_channel_per_minute": &l.SlackPostsPerChannelPerMinute,
		"limits.tickets_per_sender_per_10_minutes":  &l.TicketsPerSenderPer10Minutes,
	}
}

// fault disturbs a service: "fault github fail status=502 times=3 on=create issue", "fault slack limited
// delay=20s on=users.info", "fault github over".
func (s *stage) fault(rest string) error {
	service, rest, _ := strings.Cut(rest, " ")
	faults := map[string]*sandbox.Faults{"github": &s.github.Faults, "slack": s.slack.Faults}[service]
	if faults == nil {
		return fmt.Errorf("there is no service %q", service)
	}
	if rest == "over" {
		faults.Clear()
		return nil
	}
	f, err := readFault(rest)
	if err == nil {
		faults.Add(f)
	}
	return err
}

func readFault(rest string) (f sandbox.Fault, err error) {
	rest, operation, _ := strings.Cut(rest, " on=")
	words := strings.Fields(rest)
	f.Kind, f.On = sandbox.FaultKind(strings.ReplaceAll(words[0], "-", " ")), operation
	for _, w := range words[1:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "times":
			f.Times, err = strconv.Atoi(value)
		case "status":
			f.Status, err = strconv.Atoi(value)
		case "delay":
			f.Delay, err = time.ParseDuration(value)
		default:
			err = fmt.Errorf("a fault has no %q", name)
		}
		if err != nil {
			return f, err
		}
	}
	return f, nil
}

// say alice #help-data TEXT
func (s *stage) say(rest string, p sandbox.Post) error {
	user, rest, _ := strings.Cut(rest, " ")
	channel, text, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find(channel)
	if err != nil {
		return err
	}
	p.Text, err = s.text(text)
	if err != nil {
		return err
	}
	return s.post(user, id, p)
}

// dm alice TEXT: to the bot alone
func (s *stage) dm(rest string) error {
	user, text, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find("@" + user)
	if err != nil {
		return err
	}
	text, err = s.text(text)
	if err != nil {
		return err
	}
	return s.post(user, s.slack.DM(id), sandbox.Post{Text: text})
}

// dm-under alice TEXT: in a thread under the bot's last direct message
func (s *stage) dmUnder(rest string) error {
	user, text, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find("@" + user)
	if err != nil {
		return err
	}
	for _, m := range slices.Backward(s.slack.DMs(id)) {
		if m.BotID != "" {
			return s.post(user, s.slack.DM(id), sandbox.Post{Text: text, ThreadTS: m.TS})
		}
	}
	return fmt.Errorf("the bot said nothing to %s", user)
}

// say-again 11 alice #help-data TEXT: so many messages, numbered
func (s *stage) sayAgain(rest, apart string) error {
	times, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(times)
	for i := 1; i <= n && err == nil; i++ {
		err = errors.Join(s.say(fmt.Sprintf("%s %d", rest, i), sandbox.Post{}), s.advance(apart))
	}
	return err
}

// forward alice #help-data FILE TEXT: a message with the attachments in FILE
func (s *stage) forward(rest string) error {
	words := strings.SplitN(rest, " ", 4)
	if len(words) < 3 {
		return fmt.Errorf("who forwards what, and where?")
	}
	attachments := json.RawMessage(getFile(s.archive, words[2]))
	words[2] = ""
	if len(words) == 4 {
		words[2] = words[3]
	}
	return s.say(strings.Join(words[:3], " "), sandbox.Post{Attachments: attachments})
}

// bot-attach B0JENKINS #help-data FILE: a bot's post that is all in the attachments in FILE
func (s *stage) botAttaches(rest string) error {
	words := strings.Fields(rest)
	if len(words) != 3 {
		return fmt.Errorf("which bot attaches what, and where?")
	}
	return s.say("- "+words[1]+" ", sandbox.Post{BotID: words[0], Username: "Jenkins", Attachments: json.RawMessage(getFile(s.archive, words[2]))})
}

// bot B0FORM #help-data TEXT
func (s *stage) botSays(rest string) error {
	id, rest, _ := strings.Cut(rest, " ")
	return s.say("- "+rest, sandbox.Post{BotID: id, Username: "Request form"})
}

// reply alice 1 TEXT
func (s *stage) reply(rest string) error { return s.answer(rest, false) }

// reply-again 1000 ben 1 TEXT: so many answers, numbered, at once
func (s *stage) replyAgain(rest string) error {
	times, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(times)
	for i := 1; i <= n && err == nil; i++ {
		err = s.reply(fmt.Sprintf("%s %d", rest, i))
	}
	return err
}

func (s *stage) answer(rest string, broadcast bool) error {
	user, rest, _ := strings.Cut(rest, " ")
	m, text, err := s.message(rest)
	if err != nil {
		return err
	}
	if text, err = s.text(text); err != nil {
		return err
	}
	return s.post(user, m.channel, sandbox.Post{Text: text, ThreadTS: m.root, Broadcast: broadcast})
}

func (s *stage) post(user, channel string, p sandbox.Post) error {
	p.Channel = channel
	if p.BotID == "" {
		id, err := s.slack.Find("@" + user)
		if err != nil {
			return err
		}
		p.User = id
	}
	ts := s.slack.Post(p)
	root := p.ThreadTS
	if root == "" {
		root = ts
	}
	s.said = append(s.said, said{channel, ts, root})
	return nil
}

// edit 1 TEXT
func (s *stage) edit(rest string) error {
	m, text, err := s.message(rest)
	if err != nil {
		return err
	}
	if text, err = s.text(text); err != nil {
		return err
	}
	s.slack.Edit(m.channel, m.ts, text)
	return nil
}

// repeated is a part of a text that is written out: {1000×word }.
var repeated = regexp.MustCompile(`\{(\d+)×([^}]*)\}`)

// text is a text of a script, with the escapes of a Go string, and {3×word } for a word three times; or
// "file NAME", what that file of the archive holds.
func (s *stage) text(text string) (string, error) {
	if name, ok := strings.CutPrefix(text, "file "); ok {
		return strings.TrimSuffix(getFile(s.archive, name), "\n"), nil
	}
	text = repeated.ReplaceAllStringFunc(text, func(r string) string {
		parts := repeated.FindStringSubmatch(r)
		n, _ := strconv.Atoi(parts[1]) // digits
		return strings.Repeat(parts[2], n)
	})
	return strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
}

// message returns the message whose number begins rest.
func (s *stage) message(rest string) (said, string, error) {
	number, rest, _ := strings.Cut(rest, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.said) {
		return said{}, "", fmt.Errorf("there is no message %q yet", number)
	}
	return s.said[n-1], rest, nil
}

func (s *stage) onMessage(do func(channel, ts string)) func(rest string) error {
	return func(rest string) error {
		m, _, err := s.message(rest)
		if err == nil {
			do(m.channel, m.ts)
		}
		return err
	}
}

// reference stands for what only the running stand-in knows: $1 for the ts of a message of the script, $@alice for
// the channel of alice's direct messages.
var reference = regexp.MustCompile(`\$(\d+|@\w+)`)

// event #help-data FILE: a raw event of that channel
func (s *stage) event(rest string) error {
	channel, file, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find(channel)
	if err != nil {
		return err
	}
	body := reference.ReplaceAllStringFunc(getFile(s.archive, file), func(r string) string {
		value, problem := s.resolve(r[1:])
		err = errors.Join(err, problem)
		return value
	})
	if err == nil {
		s.slack.Emit(id, []byte(body))
	}
	return err
}

func (s *stage) resolve(reference string) (string, error) {
	if strings.HasPrefix(reference, "@") {
		id, err := s.slack.Find(reference)
		return s.slack.DM(id), err
	}
	m, _, err := s.message(reference)
	return m.ts, err
}

// frame FILE: anything at all, over a socket
func (s *stage) frame(file string) error {
	if !s.slack.SendFrame(strings.TrimSpace(getFile(s.archive, file))) {
		return fmt.Errorf("no socket is open")
	}
	return nil
}

// join alice #partner-studio
func (s *stage) join(rest string) error {
	user, channel, _ := strings.Cut(rest, " ")
	person, err := s.slack.Find("@" + user)
	if err != nil {
		return err
	}
	id, err := s.slack.Find(channel)
	if err == nil {
		s.slack.Leave(id, person)
		s.slack.Join(id, person)
	}
	return err
}

// click kenji,mia 1: the first button in the thread of a message, by some people at the same moment
func (s *stage) click(rest string) error {
	users, rest, _ := strings.Cut(rest, " ")
	m, label, err := s.message(rest)
	if err != nil {
		return err
	}
	for _, reply := range s.slack.Thread(m.channel, m.root) {
		action := sandbox.FirstButton(reply, label)
		if action == "" {
			continue
		}
		for user := range strings.SplitSeq(users, ",") {
			id, err := s.slack.Find("@" + user)
			if err != nil {
				return err
			}
			s.slack.Click(id, m.channel, reply.TS, action)
		}
		return nil
	}
	return fmt.Errorf("there is no button in that thread")
}

// rename alice Alice Nováková
func (s *stage) rename(rest string) error {
	name, display, _ := strings.Cut(rest, " ")
	return s.changePerson(name, func(p *sandbox.Person) { p.DisplayName = display })
}

// move alice Europe/Prague
func (s *stage) move(rest string) error {
	name, zone, _ := strings.Cut(rest, " ")
	return s.changePerson(name, func(p *sandbox.Person) { p.TZ = zone })
}

func (s *stage) changePerson(name string, change func(*sandbox.Person)) error {
	for _, p := range s.slack.People() {
		if p.Name == name {
			change(&p)
			s.slack.ChangePerson(p)
			return nil
		}
	}
	return fmt.Errorf("there is no %s", name)
}

// organisation T0GAMES #game-analytics: the bot is installed in a whole one, of which another workspace has these channels
func (s *stage) organise(rest string) error {
	words := strings.Fields(rest)
	var channels []string
	for _, name := range words[1:] {
		id, err := s.slack.Find(name)
		if err != nil {
			return err
		}
		channels = append(channels, id)
	}
	s.slack.Organise(words[0], channels...)
	return nil
}

// newcomer W0CARLA carla guest Carla Reyes: somebody new, who is a member, a guest, a one-channel guest or a stranger
func (s *stage) newcomer(rest string) error {
	words := strings.SplitN(rest, " ", 4)
	if len(words) < 4 {
		return errors.New("who is it, and what?")
	}
	p := sandbox.Person{ID: words[0], Name: words[1], DisplayName: words[3]}
	switch words[2] {
	case "member":
	case "guest":
		p.Guest = true
	case "one-channel-guest":
		p.OneChannel = true
	case "stranger":
		p.External = true
	default:
		return fmt.Errorf("nobody is a %q", words[2])
	}
	s.slack.AddPerson(p)
	return nil
}

// group-chat #mpdm-alice--ben alice,ben: a group message of them and the bot
func (s *stage) groupChat(rest string) error {
	name, people, _ := strings.Cut(rest, " ")
	name = strings.TrimPrefix(name, "#")
	members := append(s.ids(strings.Split(people, ",")), s.slack.BotUserID())
	s.slack.AddChannel(sandbox.Channel{ID: "C0" + strings.ToUpper(strings.ReplaceAll(name, "-", "")), Name: name, MPIM: true, Members: members})
	return nil
}

// rename-to #help-data data-help: a channel gets another name
func (s *stage) renameChannel(rest string) error {
	channel, name, _ := strings.Cut(rest, " ")
	id, err := s.slack.Find(channel)
	if err == nil {
		s.slack.RenameChannel(id, name)
	}
	return err
}

// advance moves the clock on, so that what is due on the way happens in its turn.
func (s *stage) advance(rest string) error {
	left, err := time.ParseDuration(rest)
	for err == nil && left > 0 {
		pace := min(left, time.Second)
		if left > 2*time.Minute {
			pace = min(left, 10*time.Second)
		}
		s.clock.Advance(pace)
		left -= pace
		s.keepConnected()
		err = s.settle()
	}
	if s.cut {
		return err
	}
	return errors.Join(err, s.patiently("the bot has no socket open", func(ctx context.Context) error {
		return s.slack.WaitSockets(ctx, 1) // it is renewed if the time was longer than its life
	}))
}

// keepConnected waits a moment, in real time, for sockets that are being renewed. If the clock ran ahead of that, the
// address of a new one would be too old, and the bot would rightly look for what it missed with none open.
func (s *stage) keepConnected() {
	if s.cut {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_ = s.slack.WaitSockets(ctx, max(1, s.sockets)) // that they don't come back may be what the scenario is about
	s.sockets = s.slack.Sockets()
}

// deaf: Slack's events are disturbed on purpose, and nobody waits for them until "deaf over"
func (s *stage) setDeaf(rest string) error {
	s.deaf = rest != "over"
	if s.deaf {
		return nil
	}
	return s.patiently("Slack's events are not acknowledged", s.slack.WaitAcked)
}

// patiently waits in real time for what goes on beside the clock, and lets time pass if that does not do: Slack
// delivers again after minutes, and sockets are opened apart.
func (s *stage) patiently(problem string, wait func(context.Context) error) error {
	for range 100 {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		err := wait(ctx)
		cancel()
		if err == nil {
			return nil
		}
		s.clock.Advance(10 * time.Second)
	}
	return errors.New(problem)
}

func (s *stage) atSlack(rest string) error {
	switch rest {
	case "opens its second socket":
		ctx, cancel := context.WithTimeout(context.Background(), waitAtMost)
		defer cancel()
		s.clock.Advance(time.Minute)
		return s.slack.WaitSockets(ctx, 2)
	case "closes its sockets":
		return s.closeSockets()
	case "opens them again":
		return s.openSockets()
	case "drops sockets":
		s.slack.DropSockets()
	case "says that it dropped events":
		s.slack.LimitEvents()
	case "holds the next event":
		s.slack.HoldNext(1)
	case "releases it":
		s.slack.Release()
	case "redelivers":
		s.slack.SetSocketFaults(sandbox.SocketFaults{Redeliver: 1})
	case "delivers twice":
		s.slack.SetSocketFaults(sandbox.SocketFaults{Twice: 1, SameEnvelope: 1, OtherID: 1})
	case "has a foreign socket":
		return s.foreignSocket()
	case "withholds the groups":
		s.slack.SetScopes("chat:write", "channels:history")
	default:
		return fmt.Errorf("Slack can't do that")
	}
	return nil
}

func (s *stage) atGitHub(rest string) error {
	switch rest {
	case "revokes the token":
		s.github.Revoke()
	case "removes the repository":
		s.github.RemoveRepository()
	case "restores":
		s.github.Restore()
	case "takes the right to label":
		s.github.DropPush()
	case "gives the right to label":
		s.github.GrantPush()
	default:
		return fmt.Errorf("GitHub can't do that")
	}
	return nil
}

// operator pause github: what a command of that name asks of the running bot
func (s *stage) operator(rest string) error {
	verb, what, _ := strings.Cut(rest, " ")
	id, err := s.app.store.Ask(verb, what)
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return err
	}
	return s.app.store.View(func(v *store.View) error {
		q, err := v.Request(id)
		fmt.Fprintf(&s.out, "operator %s: %s\n", rest, q.Answer)
		return err
	})
}

// backup: what the command of that name does
func (s *stage) backup(string) error {
	return s.app.store.Backup(context.Background(), s.settings.Store.Path+".backup")
}

// restore puts the backup where the database was, as the README says
func (s *stage) restore() error {
	if s.app != nil {
		return errors.New("stop the bot first")
	}
	path := s.settings.Store.Path
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Rename(path+end, path+end+".away"); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return os.Rename(path+".backup", path)
}

// decisions fail: the handlers have a mistake, until "decisions succeed"
func (s *stage) decisions(rest string) error {
	s.mistaken.Store(rest == "fail")
	return nil
}

// foreignSocket connects another process as this app, which takes events away, and waits until the bot notices: that
// is when it opens its own second socket.
func (s *stage) foreignSocket() error {
	began := time.Now()
	other := slack.New(slack.Config{APIURL: s.settings.Slack.APIURL, BotToken: s.secrets.SlackBot.Reveal(), AppToken: s.secrets.SlackApp.Reveal()})
	ctx, hangUp := context.WithCancel(context.Background())
	s.t.Cleanup(hangUp)
	hello := make(chan struct{}, 1)
	var socket *slack.Socket
	socket = other.Socket(slack.SocketOptions{
		Deliver: func(e slack.Envelope) { _ = socket.Ack(ctx, e.ID, nil) }, // if not, Slack sends it to another
		State:   func(bool) {}, Trouble: func(error) {},
		Hello: func(int) { hello <- struct{}{} }, Now: s.clock.Now, After: s.clock.After,
	})
	go func() { _ = socket.Run(ctx) }() // until the scenario is over
	select {
	case <-hello:
	case <-time.After(waitAtMost):
		return errors.New("the other process gets no socket")
	}
	s.clock.Advance(time.Minute)
	for range time.Tick(5 * time.Millisecond) {
		noticed, err := s.alarmed("slack-foreign-socket")
		if noticed || err != nil {
			return err
		}
		if time.Since(began) > waitAtMost {
			return errors.New("the bot does not notice the other process")
		}
	}
	return nil
}

// alarmed says whether the operators were told of something.
func (s *stage) alarmed(what string) (yes bool, err error) {
	err = s.app.store.View(func(v *store.View) error {
		alarm, err := v.Alarm(what)
		yes = alarm != nil
		return err
	})
	return yes, err
}
