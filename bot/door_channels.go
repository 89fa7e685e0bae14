package bot

import "encoding/json"

// channelEvent takes in what Slack tells of a channel.
func (d *door) channelEvent(kind string, event json.RawMessage) error {
	switch kind {
	case "channel_created":
		var e struct{ Channel struct{ ID string } }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		d.m.catchUp.look(e.Channel.ID)
	case "channel_unarchive", "group_unarchive":
		var e struct{ Channel string }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		d.m.catchUp.look(e.Channel)
	case "member_joined_channel":
		var e struct{ User, Channel string }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		if e.User == d.m.Identity.User {
			d.m.catchUp.look(e.Channel)
		}
	case "channel_archive", "group_archive":
		var e struct{ Channel string }
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		return d.m.Store.LeaveChannel(e.Channel)
	case "channel_id_changed":
		var e struct {
			Old string `json:"old_channel_id"`
			New string `json:"new_channel_id"`
		}
		if err := json.Unmarshal(event, &e); err != nil {
			return unreadable(err)
		}
		return d.moved(e.Old, e.New)
	}
	return nil
}

// conversions are the notices that a channel is public or private from now on, with the channel_type that it has then
// (docs.slack.dev/reference/events/message/channel_convert_to_private and …_to_public).
var conversions = map[string]string{"channel_convert_to_private": privateChannel, "channel_convert_to_public": publicChannel}

// converted takes in that a channel became private, at once; that it became public is asked of Slack first, as that may
// be old news.
func (d *door) converted(channel, kind string) error {
	if kind == publicChannel {
		d.m.catchUp.look(channel)
		return nil
	}
	return d.m.Store.CloseChannel(channel, kind)
}

// moved takes in that a channel has another id now. An id is never a part of another one's text.
func (d *door) moved(old, new string) error {
	if len(old) < minChannelID || len(new) < minChannelID || old == new {
		return nil
	}
	return d.m.Store.MoveChannel(d.m.Identity.Team, old, new)
}

// minChannelID is shorter than any id of Slack's, and longer than what a text holds by chance.
const minChannelID = 5
