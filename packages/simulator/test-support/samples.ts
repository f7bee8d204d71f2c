// Bodies as the vendors' reference pages show them, shortened where a page repeats itself.

/** Requests, and the fields that an answer to them has on the page. */
export const samples = [
  {
    name: 'openai.chat',
    path: '/v1/chat/completions',
    request: {
      model: 'gpt-5.4',
      messages: [
        { role: 'developer', content: 'You are a helpful assistant.' },
        { role: 'user', content: 'Hello!' },
      ],
    },
    response: {
      id: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT',
      object: 'chat.completion',
      created: 1741569952,
      model: 'gpt-5.4',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello! How can I assist you today?', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 19,
        completion_tokens: 10,
        total_tokens: 29,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: 'default',
    },
    text: 'Hello! How can I assist you today?',
    usage: { inputTokens: { total: 19 }, outputTokens: { total: 10 } },
  },
  {
    name: 'openai.responses',
    path: '/v1/responses',
    request: { model: 'gpt-5.4', input: 'Tell me a three sentence bedtime story about a unicorn.' },
    response: {
      id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
      object: 'response',
      created_at: 1741476542,
      status: 'completed',
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      model: 'gpt-5.4',
      output: [
        {
          type: 'message',
          id: 'msg_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'In a peaceful grove lived Lumina.', annotations: [] }],
        },
      ],
      parallel_tool_calls: true,
      usage: {
        input_tokens: 36,
        input_tokens_details: { cached_tokens: 0 },
        output_tokens: 87,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 123,
      },
    },
    text: 'In a peaceful grove lived Lumina.',
    usage: { inputTokens: { total: 36 }, outputTokens: { total: 87 } },
  },
  {
    name: 'anthropic.messages',
    path: '/v1/messages',
    request: { model: 'claude-opus-5-5', max_tokens: 1024, messages: [{ role: 'user', content: 'Hello, world' }] },
    response: {
      id: 'msg_013Zva2CMHLNnXjNJJKqJ2EF',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Hi! My name is Claude.' }],
      model: 'claude-opus-5-5',
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: {
        input_tokens: 2095,
        cache_creation_input_tokens: 2051,
        cache_read_input_tokens: 2051,
        cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 2051 },
        output_tokens: 503,
        service_tier: 'standard',
      },
    },
    text: 'Hi! My name is Claude.',
    usage: {
      inputTokens: { total: 6197, noCache: 2095, cacheRead: 2051, cacheWrite: 2051 },
      outputTokens: { total: 503 },
    },
  },
  {
    name: 'gemini.generate',
    path: '/v1beta/models/gemini-3-flash:generateContent',
    request: { contents: [{ parts: [{ text: 'Explain how AI works' }] }] },
    response: {
      candidates: [
        { content: { parts: [{ text: 'AI learns from examples.' }], role: 'model' }, finishReason: 'STOP', index: 0 },
      ],
      usageMetadata: {
        promptTokenCount: 4,
        candidatesTokenCount: 5,
        totalTokenCount: 9,
        promptTokensDetails: [{ modality: 'TEXT', tokenCount: 4 }],
      },
      modelVersion: 'gemini-3-flash',
      responseId: 'mAitaLmkHPPlz7IPvtfUqQ4',
    },
    text: 'AI learns from examples.',
    usage: { inputTokens: { total: 4 }, outputTokens: { total: 5 } },
  },
] as const

/** Anthropic's page on streaming: a thinking block is left out, a ping is not. */
export const anthropicStream = [
  'event: message_start\ndata: {"type": "message_start", "message": {"id": "msg_1nZdL29xx5MUA1yADyHTEsnR8uuvGzszyY", "type": "message", "role": "assistant", "content": [], "model": "claude-opus-5-5", "stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 25, "output_tokens": 1}}}\n\n',
  'event: content_block_start\ndata: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}\n\n',
  'event: ping\ndata: {"type": "ping"}\n\n',
  'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}\n\n',
  'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "!"}}\n\n',
  'event: content_block_stop\ndata: {"type": "content_block_stop", "index": 0}\n\n',
  'event: message_delta\ndata: {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence":null}, "usage": {"output_tokens": 15}}\n\n',
  'event: message_stop\ndata: {"type": "message_stop"}\n\n',
]

/** OpenAI's page on streaming chat completions. */
export const openaiStream = [
  'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-5.4", "system_fingerprint": "fp_44709d6fcb", "choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n',
  'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-5.4", "system_fingerprint": "fp_44709d6fcb", "choices":[{"index":0,"delta":{"content":"Hello"},"logprobs":null,"finish_reason":null}]}\n\n',
  'data: {"id":"chatcmpl-123","object":"chat.completion.chunk","created":1694268190,"model":"gpt-5.4", "system_fingerprint": "fp_44709d6fcb", "choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n',
  'data: [DONE]\n\n',
]
