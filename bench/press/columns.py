"""Pages whose text runs in columns: newspapers, and vertical text as in old books and letters."""

from __future__ import annotations

import random
from collections.abc import Iterator

from PIL import ImageDraw

from bench.press.cast import Cast
from bench.press.facts import CITY, some_day, some_money
from bench.press.sheet import Sheet, pixels

_NEWS = (
    "本报讯　近日，{city}临溪区部分居民反映，有人以“代为理财”“保本付息”的名义在网络群聊中拉人投资，"
    "得手之后随即解散群聊、更换号码。警方提醒，凡承诺高额回报、要求向个人账户转账的，均应提高警惕。",
    "记者从有关部门了解到，今年以来全市共劝阻可疑转账{count}次，避免群众损失{money}元。办案人员介绍，此类案件的作案手法并不新鲜，但话术不断翻新，受骗者中既有退休老人，也有刚参加工作的年轻人。",
    "家住望溪路的一位居民告诉记者，起初每个月都能按时收到利息，于是陆续追加本金，还介绍亲友参加。直到有一天提现失败，对方要求再交一笔“保证金”，这才意识到上当。",
    "多位业内人士认为，防范此类骗局，关键在于切断资金和信息两条链条。一方面，支付机构应当完善异常交易的识别和提示；另一方面，平台应当及时清理涉诈群组，不给违法活动留下空间。",
    "社区民警连日来走进菜市场、广场和学校，用身边的案例讲解常见的骗术，并发放宣传材料{count}余份。不少居民表示，今后遇到类似情况，会先和家人商量，再向社区核实。",
    "截至发稿时，案件正在进一步办理之中。警方再次呼吁，如有被骗经历或者掌握相关线索，请保存好聊天记录和转账凭证，及时到就近的派出所报案。",
    "又讯　市图书馆将于下月起延长开放时间，周末晚间闭馆时间推迟到九点。馆方同时新增自助还书设备三台，"
    "分别设在听泉街道、澄江路和城西广场，方便读者就近归还。",
    "天气预报　受弱冷空气影响，预计未来三天本市以多云天气为主，气温略有下降，早晚温差较大，"
    "请注意适时增减衣物。江面风力四到五级，过往船只注意安全。",
)


def newspaper(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """A cutting: a head over all columns, then three or four narrow columns of small print."""
    sheet = Sheet("剪报", face=chance.choice(("serif", "ming")))
    sheet.print_line(20, 14, "云屏晚报", 24, face="serif bold")
    sheet.print_line(120, 20, f"{some_day(chance)}　第{chance.randint(2, 16)}版", 10)
    draw = ImageDraw.Draw(sheet.picture)
    draw.line([(pixels(18), pixels(30)), (pixels(192), pixels(30))], "black", 6)
    sheet.print_line(105, 36, "警惕“保本理财”骗局", 30, face="serif bold", middle=True)
    sheet.print_line(105, 54, "有人三次转账血本无归，警方发布提醒", 14, face="kai", middle=True)
    count = chance.choice((3, 4))
    gap = 7.0
    width = (174 - gap * (count - 1)) / count
    stories = list(_NEWS[:6])
    rest_of_them = list(_NEWS) * 2
    chance.shuffle(rest_of_them)
    texts = [
        text.format(city=CITY, count=chance.randint(100, 900), money=some_money(chance))
        for text in (*stories, *rest_of_them)
    ]
    points = chance.choice((8.5, 9.0, 9.5))
    rest = ""
    for column in range(count):
        left, y = 18 + column * (width + gap), 70.0
        if column:
            edge = pixels(left - gap / 2)
            draw.line([(edge, pixels(70)), (edge, pixels(278))], "#555555", 2)
        while y <= 272 and (rest or texts):
            indent = not rest
            rest = rest or texts.pop(0)
            y, rest = sheet.print_paragraph(left, y, width, rest, points, indent=indent, bottom=272)
    yield sheet


_LETTER = (
    "敬启者久未通信近来一切可好",
    "前次所谈借款之事已与家人商定",
    "兹将款项分作三次汇至先生名下账户",
    "望收到之后早日来信说明用途并立字据",
    "听闻云屏近日多雨江水上涨行船不便",
    "路上务请小心行李不可离身",
    "家中老母身体尚好常常念及先生当年相助之恩",
    "小女今秋入学所需费用皆已备齐请勿挂念",
    "所托之事已转告临溪各位乡邻",
    "众人皆愿出力唯望账目分明不生误会",
    "如有他人以我之名索取钱物切勿轻信",
    "一切以本人亲笔书信为凭",
    "纸短情长余言后叙即颂近安",
)


def vertical_page(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """A letter in vertical columns, from right to left, without punctuation."""
    points = chance.choice((13, 15, 17))
    sheet = Sheet("直排信函", face=chance.choice(("kai", "ming", "serif")))
    writer, reader = chance.choice(cast.victims).name, chance.choice(cast.suspects).name
    x, top = 172.0, 30.0
    ruled = chance.random() < 0.4
    draw = ImageDraw.Draw(sheet.picture)
    columns = [f"{reader}先生台鉴", *(text for text in _LETTER if chance.random() < 0.9), f"{writer}谨上"]
    columns.append("二〇三一年" + chance.choice("三四五六七八九") + "月")
    pitch = points / 72 * 25.4 * 1.5
    for place, text in enumerate(columns):
        below = 0.0 if place in (0, len(columns) - 1) else 2 * points / 72 * 25.4
        if text.endswith("谨上"):
            below = 150 - len(text) * points / 72 * 25.4
        if ruled:
            edge = pixels(x - pitch / 6)
            draw.line([(edge, pixels(top - 6)), (edge, pixels(top + 190))], "#b03030", 2)
        x = sheet.print_column(x, top + below, text, points)
    yield sheet
