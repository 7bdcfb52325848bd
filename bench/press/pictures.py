"""Documents that are pictures of other things: screens of telephones, identity cards, bank cards."""

from __future__ import annotations

import random
from collections.abc import Iterator

from PIL import ImageDraw

from bench.press.cast import Cast, Person
from bench.press.facts import BANKS, CITY, birth_date, grouped, some_money
from bench.press.sheet import DPI, Sheet, fitting, pixels
from bench.press.typefaces import typeface


def _wrapped(text: str, face: str, points: float, width: float) -> list[str]:
    """A text cut into lines of at most `width` millimetres."""
    font = typeface(face, round(points / 72 * DPI))
    lines = []
    while text:
        count = fitting(text, font, pixels(width))
        lines.append(text[:count])
        text = text[count:]
    return lines


def chat_screenshots(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """微信聊天截图: two screens beside each other, bubbles left and right; the left screen is read first."""
    victim, suspect = cast.victims[2], cast.suspects[0]
    said = [
        (0, "您好，我是群里的理财顾问，这边有一个保本项目。"),
        (1, "收益怎么样？"),
        (0, "月息三个点，随时可以提现，名额不多了。"),
        (1, f"我先投{chance.randint(1, 9)}万试试，转到哪里？"),
        (0, f"户名{suspect.name}，卡号{suspect.card}"),
        (1, "转好了，麻烦查一下。"),
        (0, f"收到{some_money(chance)}元，稍后给您发合同。"),
        (1, f"我的电话是{victim.phone}，到账了告诉我。"),
        (0, f"好的，有事打{suspect.phone}找我。"),
        (1, "今天为什么不能提现？"),
        (0, "系统升级，需要再交一笔保证金。"),
        (1, "你们是不是骗人的？再不退钱我就报警了。"),
        (0, "对方已不是您的好友。"),
    ]
    sheet = Sheet("聊天截图", face="sans")
    sheet.print_line(105, 12, "微信聊天记录截图", 14, face="serif bold", middle=True)
    draw = ImageDraw.Draw(sheet.picture)
    for place, left in enumerate((16.0, 110.0)):
        draw.rectangle([pixels(left), pixels(28), pixels(left + 84), pixels(262)], fill="#ededed", outline="#888888")
        sheet.print_line(left + 4, 30, f"{chance.randint(8, 22):02}:{chance.randint(10, 59)}", 8)
        sheet.print_line(left + 42, 36, "理财顾问小温" if place == 0 else "理财顾问小温(2)", 11, middle=True)
        y = 46.0
        sheet.print_line(
            left + 42,
            y,
            f"{chance.randint(1, 12)}月{chance.randint(1, 28)}日 下午{chance.randint(1, 9)}:{chance.randint(10, 59)}",
            7,
            middle=True,
            colour="#8a8a8a",
        )
        y += 7
        for mine, text in said[place * 7 : place * 7 + 7]:
            lines = _wrapped(text, "sans", 9.5, 50)
            font = typeface("sans", round(9.5 / 72 * DPI))
            width = max(font.getlength(line) for line in lines) / DPI * 25.4 + 6
            height = len(lines) * 9.5 / 72 * 25.4 * 1.5 + 5
            x = left + 84 - 15 - width if mine else left + 15
            face_x = left + 84 - 12 if mine else left + 3
            draw.rectangle(
                [pixels(face_x), pixels(y), pixels(face_x + 9), pixels(y + 9)], fill="#9fb6c4" if mine else "#c4a99f"
            )
            draw.rounded_rectangle(
                [pixels(x), pixels(y), pixels(x + width), pixels(y + height)], 18, fill="#95ec69" if mine else "white"
            )
            down = y + 1.5
            for line in lines:
                down = sheet.print_line(x + 3, down, line, 9.5)
            y += height + 5
    sheet.print_line(24, 270, f"以上截图与本人手机内容一致。{victim.name}", 11, face="kai")
    yield sheet


def identity_copies(cast: Cast, chance: random.Random) -> Iterator[Sheet]:
    """身份证及银行卡复印件: both sides of an identity card, two bank cards."""
    person = chance.choice(cast.suspects)
    sheet = Sheet("身份证复印件", face="sans")
    y = _identity_card(sheet, person, 62, 28, chance)
    draw = ImageDraw.Draw(sheet.picture)
    draw.rounded_rectangle([pixels(62), pixels(y), pixels(148), pixels(y + 54)], 36, fill="#e9eef2", outline="#777777")
    draw.ellipse([pixels(68), pixels(y + 7), pixels(82), pixels(y + 21)], fill="#d9a7a4")
    sheet.print_line(90, y + 8, "居民身份证", 17)
    sheet.print_line(76, y + 33, f"签发机关 {CITY}公安局临溪分局", 8.5)
    sheet.print_line(76, y + 42, f"有效期限 2025.{chance.randint(10, 12)}.01-2045.{chance.randint(10, 12)}.01", 8.5)
    y += 66
    for left, owner in ((20.0, person), (112.0, chance.choice(cast.victims))):
        draw.rounded_rectangle(
            [pixels(left), pixels(y), pixels(left + 80), pixels(y + 50)], 36, fill="#dfe3ea", outline="#777777"
        )
        sheet.print_line(left + 6, y + 6, chance.choice(BANKS), 11)
        sheet.print_line(left + 5, y + 24, grouped(owner.card), 12)
        sheet.print_line(left + 6, y + 38, "借记卡 银联", 8)
    y = sheet.print_line(24, y + 62, f"以上复印件与原件核对无异。{person.name}", 14, face="kai")
    sheet.print_line(120, y + 4, f"2031年{chance.randint(1, 12)}月{chance.randint(1, 28)}日", 14, face="kai")
    yield sheet


def _identity_card(sheet: Sheet, person: Person, x: float, y: float, chance: random.Random) -> float:
    """The side with the portrait, 86 × 54 mm; returns where the next card may begin."""
    draw = ImageDraw.Draw(sheet.picture)
    draw.rounded_rectangle(
        [pixels(x), pixels(y), pixels(x + 86), pixels(y + 54)], 36, fill="#e9eef2", outline="#777777"
    )
    draw.ellipse([pixels(x + 64), pixels(y + 9), pixels(x + 77), pixels(y + 25)], fill="#8f8f92")
    draw.rectangle([pixels(x + 60), pixels(y + 25), pixels(x + 81), pixels(y + 37)], fill="#6f7076")
    for down, text in (
        (6, f"姓名 {person.name}"),
        (13, f"性别 {person.sex}    民族 汉"),
        (20, f"出生 {birth_date(person)}"),
        (27, f"住址 {CITY}临溪区听泉街道"),
        (33, f"望溪路{chance.randint(1, 400)}号{chance.randint(1, 30)}栋"),
    ):
        sheet.print_line(x + (17 if down == 33 else 6), y + down, text, 9)
    sheet.print_line(x + 6, y + 44, f"公民身份号码 {person.id_number}", 10.5)
    return y + 64
