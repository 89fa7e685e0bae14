// An app of Slack's official packages, as their documentation has it. It prints a line for each thing that it
// has done or been told, as "what {JSON}"; the Go test plays the people, and knows the lines.
const { App, LogLevel } = require('@slack/bolt');

const { SLACK_API_URL, SLACK_BOT_TOKEN, SLACK_APP_TOKEN } = process.env;

const app = new App({
  token: SLACK_BOT_TOKEN,
  appToken: SLACK_APP_TOKEN,
  socketMode: true,
  logLevel: LogLevel.WARN,
  clientOptions: { slackApiUrl: SLACK_API_URL },
});

const tell = (what, details = {}) => process.stdout.write(`${what} ${JSON.stringify(details)}\n`);
const plain = (text) => ({ type: 'plain_text', text });
const button = (id, text) => ({ type: 'button', action_id: id, text: plain(text), value: `${id} it` });

app.error(async (error) => tell('error', { message: error.message, data: error.data }));

app.message('help', async ({ message, say, client, context }) => {
  const { type, user, channel, channel_type, text, team } = message;
  tell('message', { type, user, channel, channel_type, text, team, retry: context.retryNum });
  const posted = await say({
    thread_ts: message.ts,
    text: 'received',
    blocks: [{
      type: 'actions',
      block_id: 'b',
      elements: [button('open', 'Open'), button('done', 'Done'), { type: 'external_select', action_id: 'owner', min_query_length: 1 }],
    }],
    metadata: { event_type: 'ticket', event_payload: { id: '42' } },
  });
  const updated = await client.chat.update({
    channel,
    ts: posted.ts,
    text: 'received, and read',
    blocks: posted.message.blocks,
  });
  const thread = await client.conversations.replies({ channel, ts: message.ts, include_all_metadata: true });
  const last = thread.messages.at(-1);
  tell('posted', {
    sameMessage: updated.ts === posted.ts && last.ts === posted.ts,
    inThread: last.thread_ts === message.ts,
    replies: thread.messages[0].reply_count,
    bot: last.bot_id === context.botId,
    metadata: last.metadata,
  });
});

const modal = (title) => ({
  type: 'modal',
  callback_id: title.toLowerCase(),
  title: plain(title),
  submit: plain('Send'),
  close: plain('Cancel'),
  notify_on_close: true,
  private_metadata: 'kept',
  blocks: [{
    type: 'input', block_id: 'table', label: plain('Table'), element: { type: 'plain_text_input', action_id: 'name' },
  }],
});

app.action('open', async ({ ack, body, action, client }) => {
  await ack();
  const { view } = await client.views.open({ trigger_id: body.trigger_id, view: modal('Load') });
  tell('clicked', { user: body.user.id, block: action.block_id, value: action.value, type: action.type });
  const changed = await client.views.update({ view_id: view.id, hash: view.hash, view: modal('Load') });
  const reason = (error) => error.data.error;
  tell('opened', {
    title: changed.view.title.text,
    state: changed.view.state,
    sameView: changed.view.id === view.id,
    again: await client.views.open({ trigger_id: body.trigger_id, view: modal('Load') }).catch(reason),
    outdated: await client.views.update({ view_id: view.id, hash: view.hash, view: modal('Load') }).catch(reason),
  });
});

app.view('load', async ({ ack, view, body }) => {
  const { value } = view.state.values.table.name;
  const refused = value === 'nothing';
  await ack(refused
    ? { response_action: 'errors', errors: { table: 'There is no such table.' } }
    : { response_action: 'push', view: modal('Sure') });
  tell(refused ? 'refused' : 'asked', { user: body.user.id, value, metadata: view.private_metadata });
});

app.view('sure', async ({ ack, view, client, body }) => {
  await ack({ response_action: 'clear' });
  await client.chat.postEphemeral({ channel: 'CGENERAL', user: body.user.id, text: 'loading' });
  tell('submitted', { value: view.state.values.table.name.value, below: view.root_view_id === view.previous_view_id });
});

app.view({ callback_id: 'load', type: 'view_closed' }, async ({ ack, body }) => {
  await ack();
  tell('closed', { cleared: body.is_cleared, user: body.user.id });
});

app.options('owner', async ({ ack, options }) => {
  await ack({ options: [{ text: plain(`${options.value}lytics`), value: options.value }] });
  const { type, block_id, action_id, value } = options;
  tell('options', { type, block_id, action_id, value });
});

app.action('owner', async ({ ack, action, body }) => {
  await ack();
  const { owner } = body.state.values.b;
  tell('chosen', { option: action.selected_option, inState: owner.selected_option.value === action.selected_option.value });
});

app.shortcut({ callback_id: 'ticket', type: 'message_action' }, async ({ ack, shortcut, respond, client }) => {
  await ack();
  const { view } = await client.views.open({ trigger_id: shortcut.trigger_id, view: modal('Ticket') });
  await respond('a ticket of it');
  const { type, user, channel, message, message_ts } = shortcut;
  tell('shortcut', { type, user: user.id, channel: channel.id, text: message.text, same: message.ts === message_ts, opened: view.title.text });
});

app.action('done', async ({ ack, respond, body }) => {
  await ack();
  await respond({ replace_original: true, text: `done by <@${body.user.id}>` });
  tell('replaced', { thread: body.container.thread_ts === body.message.thread_ts });
});

app.command('/load', async ({ ack, command, respond, client }) => {
  await ack('on it');
  await respond({ response_type: 'in_channel', text: `loading ${command.text}` });
  tell('command', { command: command.command, text: command.text, user: command.user_id, channel: command.channel_name });
  const { view } = await client.views.open({ trigger_id: command.trigger_id, view: modal('Load') });
  tell('opened for the command', { app: view.app_id === command.api_app_id });
});

// What a limit refuses is sent again by the client itself, after the time that Slack says.
app.command('/burst', async ({ ack, client }) => {
  await ack();
  const waits = [];
  client.on('rate_limited', (seconds) => waits.push(seconds));
  const numbers = [1, 2, 3, 4, 5, 6, 7];
  const answers = await Promise.all(numbers.map((n) => client.chat.postMessage({ channel: 'CGENERAL', text: `burst ${n}` })));
  tell('burst', {
    posted: new Set(answers.map((answer) => answer.ts)).size,
    refused: waits.length > 0,
    secondsToWait: waits.every((wait) => Number.isInteger(wait) && wait >= 1),
  });
});

// Errors come as the client's own kinds; lists are read to their end, by the client's cursor.
app.command('/look', async ({ ack, client, context }) => {
  await ack();
  const why = (error) => ({ code: error.code, error: error.data?.error });
  const call = (method, options) => client.apiCall(method, options).catch(why);
  tell('refusals', {
    channel: await call('chat.postMessage', { channel: 'CNOWHERE', text: 'lost' }),
    method: await call('no.such.method', {}),
    user: await call('users.info', { user: 'UNOBODY' }),
    blocks: await call('chat.postMessage', { channel: 'CGENERAL', text: 'odd', blocks: [{ type: 'odd' }] }),
  });
  const texts = [];
  for await (const page of client.paginate('conversations.history', { channel: 'CGENERAL', limit: 3 })) {
    texts.push(page.messages.length);
  }
  const { user } = await client.users.info({ user: 'UALICE', include_locale: true });
  const { members } = await client.conversations.members({ channel: 'CGENERAL' });
  await client.conversations.join({ channel: 'CELSE' });
  const { channels } = await client.users.conversations({ types: 'public_channel,private_channel' });
  tell('lists', {
    pages: texts.length > 2 && texts.slice(0, -1).every((n) => n === 3),
    locale: user.locale,
    name: user.profile.display_name,
    bot: members.includes(context.botUserId),
    channels: channels.map((channel) => channel.name).sort(),
  });
});

app.command('/stop', async ({ ack }) => {
  await ack();
  await app.stop();
  tell('stopped');
});

app.start().then(() => tell('connected'));
